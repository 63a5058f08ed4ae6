import { z } from "zod";
import { isSignalError } from "@mef3-cluster/contracts/signal-error";
import { loadConfig, type ConfigSchema, type ConfigSources } from "./config";
import { decimal, flag, integer, list, oneOf, port, text } from "./config-fields";

const schema = z.object({
  PORT: port().default(50051),
  TILE_DURATION_S: decimal({ min: 0.001 }).default(60),
  USE_PROCESS_POOL: flag().default(true),
  COMPAT_DAMAGE: oneOf(["error", "nan"]).default("error"),
  DATA_ROOTS: list(),
  LOG_DIR: text().optional(),
});

const ROOTS = { DATA_ROOTS: "/data" };

function load(environment: Record<string, string>, more: Partial<ConfigSources> = {}) {
  return loadConfig(schema, { environment: { ...ROOTS, ...environment }, ...more });
}

function problemsOf(someSchema: ConfigSchema, environment: Record<string, string>): string[] {
  try {
    loadConfig(someSchema, { environment });
  } catch (error) {
    if (isSignalError(error) && error.code === "INVALID_ARGUMENT") {
      return error.message.split("\n  ").slice(1);
    }
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("takes the schema's defaults for what is not set", () => {
    expect(load({}).config).toEqual({
      PORT: 50051,
      TILE_DURATION_S: 60,
      USE_PROCESS_POOL: true,
      COMPAT_DAMAGE: "error",
      DATA_ROOTS: ["/data"],
    });
  });

  it("lets the environment win over the file, and the file over the default", () => {
    const file = { PORT: "1", LOG_DIR: "/var/log" };
    expect(load({ PORT: "2" }, { file }).config).toMatchObject({ PORT: 2, LOG_DIR: "/var/log" });
    expect(load({}, { file }).config.PORT).toBe(1);
  });

  it.each(["", "   "])("takes %p as unset", (blank) => {
    expect(load({ PORT: blank }).config.PORT).toBe(50051);
    expect(load({ PORT: blank }, { file: { PORT: "7" } }).config.PORT).toBe(7);
  });

  it("reports every problem at once, one line each, with what was given", () => {
    const given = { PORT: "70000", USE_PROCESS_POOL: "maybe", COMPAT_DAMAGE: "zero" };
    expect(problemsOf(schema, given)).toEqual([
      'PORT: must be a whole number from 0 to 65535, given "70000"',
      'USE_PROCESS_POOL: must be one of 1, true, yes, on or one of 0, false, no, off, given "maybe"',
      'COMPAT_DAMAGE: must be one of error, nan, given "zero"',
      "DATA_ROOTS: must be set, it has no default",
    ]);
  });

  it.each([
    ["a name that says so", { API_TOKEN: integer() }, { API_TOKEN: "hunter2" }],
    ["its metadata", { SALT: integer().meta({ secret: true }) }, { SALT: "hunter2" }],
    [
      "metadata under a default",
      { SALT: integer().meta({ secret: true }).default(1) },
      { SALT: "hunter2" },
    ],
    ["a URL with credentials", { QUEUE_URL: integer() }, { QUEUE_URL: "redis://u:hunter2@host" }],
  ])("never shows a value that is secret by %s", (_by, shape, environment) => {
    const [line] = problemsOf(z.object(shape), environment);
    expect(line).toMatch(/a value that is not shown$/);
    expect(line).not.toContain("hunter2");
  });

  it("names the field a rule across fields blames", () => {
    const withRule = z
      .object({ LOW: integer().default(1), HIGH: integer().default(2) })
      .refine((c) => c.LOW < c.HIGH, { path: ["LOW"], message: "must be below HIGH" });
    expect(problemsOf(withRule, { LOW: "5" })).toEqual(['LOW: must be below HIGH, given "5"']);
    expect(problemsOf(withRule, { HIGH: "0" })).toEqual(["LOW: must be below HIGH"]);
  });

  it("freezes the result and the lists in it", () => {
    const { config } = load({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.DATA_ROOTS)).toBe(true);
  });

  it("warns of each obsolete name that is set, with what to do instead", () => {
    const obsolete = { N_PROCESS_WORKERS: "set READER_PROCESSES instead", OTHER: "drop it" };
    expect(load({ N_PROCESS_WORKERS: "2", OTHER: "" }, { obsolete }).warnings).toEqual([
      "N_PROCESS_WORKERS has no effect: set READER_PROCESSES instead",
    ]);
  });
});

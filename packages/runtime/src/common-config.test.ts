import { z } from "zod";
import { commonConfigFields } from "./common-config";
import { loadConfig } from "./config";

const schema = z.object(commonConfigFields);

function load(environment: Record<string, string>) {
  return loadConfig(schema, { environment }).config;
}

describe("commonConfigFields", () => {
  it("has a default for everything", () => {
    expect(load({})).toEqual({
      HOST: "0.0.0.0",
      ADMIN_PORT: 9464,
      ADMIN_HOST: "0.0.0.0",
      LOG_LEVEL: "info",
    });
  });

  it.each([
    ["DEBUG", "debug"],
    ["Info", "info"],
    ["WARNING", "warn"],
    ["warn", "warn"],
    ["ERROR", "error"],
    ["CRITICAL", "fatal"],
    ["silent", "silent"],
  ])("reads the log level %s as %s", (given, expected) => {
    expect(load({ LOG_LEVEL: given }).LOG_LEVEL).toBe(expected);
  });

  it("refuses an unknown log level", () => {
    expect(() => load({ LOG_LEVEL: "loud" })).toThrow(
      'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent, warning, critical, given "loud"',
    );
  });
});

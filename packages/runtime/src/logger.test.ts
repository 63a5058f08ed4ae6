import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { createLogger, logFilePath, type LoggerOptions } from "./logger";

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const output = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({
    name: "gateway",
    version: "1.2.3",
    level: "info",
    output,
    ...options,
  });
  const last = () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>;
  return { logger, lines, last };
}

describe("createLogger", () => {
  it("writes one JSON line with level, ISO time, process and fields", () => {
    const { logger, last } = capture();
    logger.info({ session: "/data/x.mefd" }, "session opened");
    expect(last()).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      service: "gateway",
      version: "1.2.3",
      session: "/data/x.mefd",
      msg: "session opened",
    });
  });

  it("drops what is below its level", () => {
    const { logger, lines } = capture({ level: "warn" });
    logger.info("quiet");
    expect(lines).toEqual([]);
  });

  it.each([
    ["at the top", { password: "hunter2" }],
    ["one level down", { request: { level1Password: "hunter2" } }],
    ["in headers", { call: { metadata: { authorization: "Bearer hunter2" } } }],
    ["in an error's context", { err: new SignalError("INTERNAL", "x", { password: "hunter2" }) }],
  ])("hides secrets %s", (_where, fields) => {
    const { logger, lines } = capture();
    logger.info(fields, "call finished");
    expect(lines[0]).toContain("[redacted]");
    expect(lines[0]).not.toContain("hunter2");
  });

  it("hides secrets bound to a child logger", () => {
    const { logger, lines } = capture();
    logger.child({ token: "hunter2" }).info("call finished");
    expect(lines[0]).not.toContain("hunter2");
  });

  it("logs an error with its code, context, stack and causes", () => {
    const { logger, last } = capture();
    const cause = Object.assign(new Error("disk"), { code: "EIO" });
    const err = new SignalError("SESSION_INVALID", "no metadata", { channel: "Ch1" }, { cause });
    logger.error({ err }, "session refused");
    expect(last()["err"]).toMatchObject({
      type: "SignalError",
      code: "SESSION_INVALID",
      message: "no metadata",
      context: { channel: "Ch1" },
      stack: expect.stringContaining("logger.test") as string,
      cause: { message: "disk", code: "EIO" },
    });
  });

  it("logs what was thrown even if it is no error", () => {
    const { logger, last } = capture();
    logger.error({ err: "just text" }, "odd");
    expect(last()["err"]).toEqual({ message: "just text" });
  });

  it("also appends to a file in the log folder, which it makes", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "logger-"));
    try {
      const logDir = path.join(folder, "a", "b");
      for (const run of [1, 2]) {
        const { logger, lines } = capture({ logDir });
        logger.info({ run }, "started");
        expect(lines).toHaveLength(1);
      }
      const written = readFileSync(logFilePath(logDir, "gateway"), "utf8").trim().split("\n");
      expect(written.map((line) => (JSON.parse(line) as { run: number }).run)).toEqual([1, 2]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SignalError } from "@mef3-cluster/contracts/signal-error";
import { readAppConfigFile } from "./app-config-file";

function refusalOf(file: string): SignalError {
  try {
    readAppConfigFile(file);
  } catch (error) {
    return error as SignalError;
  }
  throw new Error("was not refused");
}

describe("readAppConfigFile", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "app-config-"));
    file = path.join(folder, "app_config.json");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("gives log_level under its environment name", () => {
    writeFileSync(file, '{"log_level": "DEBUG", "something_else": 1}');
    expect(readAppConfigFile(file)).toEqual({ LOG_LEVEL: "DEBUG" });
  });

  it("gives nothing when the file or the setting is not there", () => {
    expect(readAppConfigFile(file)).toEqual({});
    writeFileSync(file, "{}");
    expect(readAppConfigFile(file)).toEqual({});
  });

  it.each([
    ["text that is not JSON", "log_level=DEBUG", "is not JSON"],
    ["a level that is no text", '{"log_level": 10}', "must hold a JSON object"],
    ["something that is no object", "[]", "must hold a JSON object"],
  ])("refuses %s and names the file", (_what, content, problem) => {
    writeFileSync(file, content);
    const error = refusalOf(file);
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(`${file} ${problem}`);
  });

  it("refuses a folder in the file's place", () => {
    expect(refusalOf(folder)).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${folder} cannot be read`,
    });
  });
});

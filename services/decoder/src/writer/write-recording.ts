import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { isSignalError, SignalError } from "@mef3-cluster/contracts/signal-error";
import { parseRecordingSpec, planRecording } from "./recording-spec";
import { writeSession } from "./session-writer";

const USAGE = "usage: write-recording --spec SPEC.json --out DIRECTORY";

/**
 * Writes the recording that a specification (recording-spec.ts) describes into a
 * directory, and prints what was written as one line of JSON.
 */
async function main(): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => {
    stop.abort();
  });
  const { values } = parseArgs({ options: { spec: { type: "string" }, out: { type: "string" } } });
  if (values.spec === undefined || values.out === undefined) {
    throw new SignalError("INVALID_ARGUMENT", USAGE);
  }
  const json: unknown = JSON.parse(await readFile(values.spec, "utf8"));
  const plan = planRecording(parseRecordingSpec(json));
  const showProgress = progressPrinter();
  const written = await writeSession(values.out, plan, showProgress, stop.signal);
  process.stdout.write(`${JSON.stringify(written)}\n`);
}

/** Prints the share done, each time another tenth is, if a person is watching. */
function progressPrinter(): (progress: { nSamplesWritten: number; nSamples: number }) => void {
  let printed = 0;
  return ({ nSamplesWritten, nSamples }) => {
    const tenths = Math.floor((nSamplesWritten / nSamples) * 10);
    if (tenths === printed || !process.stderr.isTTY) return;
    printed = tenths;
    process.stderr.write(`\r${tenths * 10} %${tenths === 10 ? "\n" : ""}`);
  };
}

main().catch((error: unknown) => {
  process.stderr.write(isSignalError(error) ? `${error.message}\n` : `${String(error)}\n`);
  process.exitCode = 1;
});

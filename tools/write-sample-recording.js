"use strict";

/**
 * Writes the recording that `make run` shows (32 channels, 512 Hz, 30 min, with
 * gaps, two segments) into the folder given, as `sample.mefd`, unless it is
 * there already. Progress goes to standard error. Needs the compiled decoder.
 */

const { existsSync, mkdirSync } = require("node:fs");
const path = require("node:path");
const {
  SAMPLE_RECORDING,
  writeSampleRecording,
} = require("../services/decoder/dist/writer/sample-recording");

async function main(folder) {
  if (existsSync(path.join(folder, `${SAMPLE_RECORDING.name}.mefd`))) return;
  mkdirSync(folder, { recursive: true });
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  await writeSampleRecording(folder, SAMPLE_RECORDING, progressPrinter(), stop.signal);
}

/** Prints the share done each time another fifth of it is. */
function progressPrinter() {
  let printed = -1;
  return ({ nSamplesWritten, nSamples }) => {
    const percent = Math.floor((nSamplesWritten / nSamples) * 5) * 20;
    if (percent === printed) return;
    printed = percent;
    process.stderr.write(`writing a sample recording ... ${percent} %\n`);
  };
}

main(process.argv[2]).catch((error) => {
  console.error(`the sample recording could not be written: ${error.message}`);
  process.exitCode = 1;
});

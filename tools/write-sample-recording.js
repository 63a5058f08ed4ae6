"use strict";

/**
 * Writes the recording that `make run` shows (32 channels, 512 Hz, 30 min, with
 * gaps, two segments) to the path given, unless it is there already. Progress
 * goes to standard error. Needs the compiled decoder package.
 */

const { existsSync, mkdirSync, renameSync, rmSync } = require("node:fs");
const path = require("node:path");

async function main(target) {
  if (existsSync(target)) return;
  const { writeSampleRecording } = require("../services/decoder/dist/writer/sample-recording");
  // Written beside its place and then moved, so that an interrupted run leaves
  // nothing that looks like a recording.
  const unfinished = path.join(path.dirname(target), ".unfinished");
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const written = path.join(unfinished, path.basename(target));
  await writeSampleRecording(written, {}, showProgress);
  renameSync(written, target);
  rmSync(unfinished, { recursive: true });
}

let lastShown = -1;

/** @param share  of the work that is done, 0 to 1 */
function showProgress(share) {
  const tenth = Math.floor(share * 10);
  if (tenth === lastShown) return;
  lastShown = tenth;
  process.stderr.write(`writing a sample recording ... ${tenth * 10} %\n`);
}

main(process.argv[2]).catch((error) => {
  console.error(`the sample recording could not be written: ${error.message}`);
  process.exitCode = 1;
});

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Contender } from "./contender";
import {
  compareFullReads,
  compareRandomWindows,
  type Comparison,
  type Contenders,
  type GroupOptions,
} from "./decode-groups";
import { table } from "./table";

const ROOT = path.join(__dirname, "..", "..");
const GROUPS = { decode: compareFullReads, windows: compareRandomWindows } as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "7" },
      data: { type: "string", default: path.join(ROOT, "build", "bench-data") },
    },
  });
  const stop = new AbortController();
  process.once("SIGINT", () => {
    stop.abort();
  });
  const options: GroupOptions = {
    folder: values.data,
    rounds: Number(values.rounds),
    onProgress: (text) => process.stderr.write(`${text}\n`),
    signal: stop.signal,
  };
  const contenders = startContenders();
  const results: Record<string, Comparison[]> = {};
  try {
    for (const [name, compare] of Object.entries(GROUPS)) {
      if (positionals.length > 0 && !positionals.includes(name)) continue;
      results[name] = await compare(contenders, options);
    }
  } finally {
    await Promise.all([contenders.ours.close(), contenders.control.close()]);
  }
  report(results);
}

function startContenders(): Contenders {
  const python = path.join(ROOT, "conformance", ".venv", "bin", "python");
  const control = path.join(ROOT, "loadtest", "control", "mef3io_reader.py");
  return {
    ours: new Contender("ours", path.join(ROOT, "loadtest", "our-reader"), []),
    control: new Contender("mef3io.Reader", python, [control]),
  };
}

function report(results: Readonly<Record<string, readonly Comparison[]>>): void {
  const rows = Object.values(results)
    .flat()
    .map((c) => [
      c.what,
      c.ours.toFixed(1),
      c.control.toFixed(1),
      `${c.ratio.toFixed(2)}×`,
      `≥ ${c.target}×`,
      c.ratio >= c.target ? "yes" : "NO",
      `±${(c.noise * 100).toFixed(0)} %`,
      c.decodedPerSample.toFixed(3),
    ]);
  const header = [
    "million samples/s per core",
    "ours",
    "mef3io",
    "ratio",
    "wanted",
    "reached",
    "noise",
    "decoded/asked",
  ];
  console.log(`\n${table(header, rows)}\n`);
  const file = path.join(ROOT, "build", "bench-results.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...circumstances(), results }, undefined, 2)}\n`);
  console.log(`Medians of interleaved rounds; all figures in ${path.relative(ROOT, file)}.`);
}

/** What a stranger needs to judge and repeat the figures. */
function circumstances(): object {
  const [cpu] = os.cpus();
  return {
    date: new Date().toISOString(),
    commit: execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim(),
    command: ["make bench", ...process.argv.slice(2)].join(" "),
    machine: {
      cpu: cpu?.model,
      cores: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      node: process.version,
    },
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

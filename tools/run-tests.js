"use strict";

/**
 * Runs every check and test there is, each with its output in test-results/,
 * and prints the sum as the last line: `N passed, N failed`. A step that fails
 * does not keep later ones from running unless they need what it makes. Exits
 * with 1 if anything failed.
 */

const { spawn } = require("node:child_process");
const { createWriteStream, mkdirSync, readFileSync, rmSync } = require("node:fs");
const { availableParallelism } = require("node:os");
const path = require("node:path");
const { countCtest, countJest, countPytest } = require("./test-counts");

const ROOT = path.join(__dirname, "..");
const RESULTS = path.join(ROOT, "test-results");
const NATIVE = "services/decoder/native";
const JOBS = String(availableParallelism());

/** Chosen: several times what the slowest step takes on two cores. */
const STEP_DEADLINE_MS = 40 * 60 * 1000;
const LINES_SHOWN_OF_A_FAILURE = 40;

/**
 * A step runs its commands until one fails. It counts as one test unless
 * `count` says otherwise, and does not run unless the steps it `needs` passed.
 * A `setup` step counts only when it fails.
 */
const STEPS = [
  { name: "npm packages", setup: true, commands: [["make", "packages"]] },
  { name: "typecheck", needs: ["npm packages"], commands: [["node_modules/.bin/tsc", "--build"]] },
  {
    name: "lint",
    needs: ["npm packages"],
    commands: [["node_modules/.bin/eslint", ".", "--max-warnings", "0"]],
  },
  {
    name: "format",
    needs: ["npm packages"],
    commands: [
      ["node_modules/.bin/prettier", "--check", "."],
      ["make", "linters"],
      ["tools/format-cpp.sh", "--check"],
    ],
  },
  {
    name: "generated docs",
    needs: ["typecheck"],
    commands: [["node", "tools/write-docs.js", "--check"]],
  },
  { name: "native build", needs: ["npm packages"], setup: true, commands: [["make", "native"]] },
  { name: "test packages", setup: true, commands: [["tools/install-test-packages.sh"]] },
  ctestStep("C++ tests", `${NATIVE}/build`, ["-DCMAKE_BUILD_TYPE=Release"]),
  // Optimised a little, or the tests take minutes; assertions stay on.
  ctestStep("C++ tests, sanitizers", `${NATIVE}/build-asan`, [
    "-DMEF3_SANITIZE=ON",
    "-DCMAKE_BUILD_TYPE=Debug",
    "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g",
  ]),
  {
    name: "jest",
    needs: ["npm packages", "native build"],
    commands: [["node_modules/.bin/jest", "--ci", "--json", "--outputFile=test-results/jest.json"]],
    report: "jest.json",
    count: countJest,
  },
  {
    name: "conformance",
    needs: ["typecheck", "native build"],
    commands: [["conformance/run.sh", `--junit-xml=${path.join(RESULTS, "conformance.xml")}`]],
    report: "conformance.xml",
    count: countPytest,
  },
];

function ctestStep(name, build, options) {
  return {
    name,
    needs: ["npm packages", "test packages"],
    commands: [
      ["cmake", "-S", NATIVE, "-B", build, ...options],
      ["cmake", "--build", build, "--parallel", JOBS],
      ["ctest", "--test-dir", build, "--output-on-failure", "--parallel", JOBS],
    ],
    count: countCtest,
  };
}

/** Runs one command, its output appended to `log`; gives its output and whether it exited with 0. */
function runCommand([program, ...args], log) {
  return new Promise((resolve) => {
    const output = [];
    const keep = (bytes) => {
      output.push(bytes);
      log.write(bytes);
    };
    log.write(`$ ${[program, ...args].join(" ")}\n`);
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: STEP_DEADLINE_MS,
    });
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => keep(Buffer.from(`${program}: ${error.message}\n`)));
    child.on("close", (code) => {
      resolve({ succeeded: code === 0, output: Buffer.concat(output).toString() });
    });
  });
}

async function runStep(step) {
  const logName = `${step.name.toLowerCase().replace(/[^a-z]+/g, "-")}.log`;
  const log = createWriteStream(path.join(RESULTS, logName));
  let last = { succeeded: true, output: "" };
  for (const command of step.commands) {
    last = await runCommand(command, log);
    if (!last.succeeded) break;
  }
  await new Promise((resolve) => log.end(resolve));
  return { ...countStep(step, last), ...last, logName };
}

function countStep(step, { succeeded, output }) {
  if (step.count === undefined) {
    return { passed: succeeded && !step.setup ? 1 : 0, failed: succeeded ? 0 : 1 };
  }
  try {
    const counts = step.count(step.report === undefined ? output : readReport(step.report));
    // A failure that no test accounts for (a crash, a leak found at exit) is one more.
    return { ...counts, failed: succeeded ? counts.failed : Math.max(1, counts.failed) };
  } catch {
    // No report: the program died, or never came to run. The log says why.
    return { passed: 0, failed: 1 };
  }
}

function readReport(name) {
  return readFileSync(path.join(RESULTS, name), "utf8");
}

function describeResult(step, result, seconds) {
  const counts = step.count === undefined && result.failed === 0 ? "ok" : undefined;
  const text = counts ?? `${result.passed} passed, ${result.failed} failed`;
  return `${step.name}: ${text} (${seconds.toFixed(0)} s)`;
}

/** The end of a failed step's output, without ctest's lines about tests that passed. */
function lastLines(output) {
  const lines = output.split("\n").filter((line) => !/^\s+Start +\d+:|\.\.\. +Passed /.test(line));
  return lines.join("\n").trimEnd().split("\n").slice(-LINES_SHOWN_OF_A_FAILURE).join("\n");
}

async function main() {
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const total = { passed: 0, failed: 0 };
  const failedSteps = new Set();
  for (const step of STEPS) {
    const broken = (step.needs ?? []).find((name) => failedSteps.has(name));
    if (broken !== undefined) {
      console.log(`${step.name}: not run, because "${broken}" failed`);
      if (!step.setup) total.failed += 1;
      failedSteps.add(step.name);
      continue;
    }
    console.log(`${step.name} ...`);
    const started = performance.now();
    const result = await runStep(step);
    console.log(describeResult(step, result, (performance.now() - started) / 1000));
    if (result.failed > 0) {
      failedSteps.add(step.name);
      console.log(lastLines(result.output));
      console.log(`(the whole log: test-results/${result.logName})`);
    }
    total.passed += result.passed;
    total.failed += result.failed;
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

void main();

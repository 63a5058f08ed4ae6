import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { isSignalError, SignalError } from "@mef3-cluster/contracts/signal-error";
import { readEnvironment, type Environment } from "@mef3-cluster/runtime/environment";
import { describeConnection } from "./connect-help";
import { chooseCharset, readDemoSettings, type DemoSettings } from "./demo-settings";
import { findRecordings } from "./find-recordings";
import { ServerProcess } from "./server-process";
import { showSample } from "./show-sample";

const REPOSITORY = path.resolve(__dirname, "../../../..");
const SERVER_ENTRY = path.resolve(__dirname, "../main.js");
/** Where `make run` writes the sample recording before it starts this. */
const SAMPLE_PATH = path.join(REPOSITORY, "sample-data", "sample.mefd");
const LOG_DIR = path.join(REPOSITORY, "build", "run-logs");

const HOST = "127.0.0.1";
const START_DEADLINE_MS = 30_000;
/** Chosen: a first read decodes a whole channel of the sample, far below this. */
const SHOW_DEADLINE_MS = 30_000;
const RECORDINGS_LISTED = 10;

/** Serves recordings on this machine for a person at a terminal, until Ctrl-C. */
async function runDemo(environment: Environment): Promise<number> {
  const settings = readDemoSettings(environment);
  const dataPath = settings.dataPath ?? SAMPLE_PATH;
  checkDataPath(dataPath);
  const server = new ServerProcess({
    entry: SERVER_ENTRY,
    environment: serverEnvironment(environment, settings, dataPath),
    adminUrl: `http://${HOST}:${settings.adminPort}`,
    startDeadlineMs: START_DEADLINE_MS,
  });
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!stopping) print(["", "Stopping; running reads are finished first."]);
      stopping = true;
      server.stop(signal);
    });
  }
  try {
    await server.whenReady();
    await tellStory(settings, dataPath, environment);
  } catch (error) {
    if (stopping) return await exitCodeOf(server);
    server.stop("SIGTERM");
    await server.ended;
    throw error;
  }
  const code = await exitCodeOf(server);
  if (!stopping) print([`The server ended by itself (code ${code}); its log: ${logPath()}`]);
  return code;
}

async function tellStory(
  settings: DemoSettings,
  dataPath: string,
  environment: Environment,
): Promise<void> {
  const address = `${HOST}:${settings.port}`;
  print([
    `Serving ${dataPath} at ${address}: gRPC in plaintext, for this machine only.`,
    `Health and metrics: http://${HOST}:${settings.adminPort}/ready and /metrics; log: ${logPath()}`,
    "",
  ]);
  if (settings.dataPath === undefined) {
    const { columns = 100, rows = 30 } = process.stdout;
    const charset = chooseCharset(environment);
    const screen = { columns: Math.min(columns, 100), lines: Math.min(rows, 30), charset };
    const deadline = AbortSignal.timeout(SHOW_DEADLINE_MS);
    print(await showSample(address, dataPath, screen, deadline));
    print(["", ...describeConnection(address, dataPath)]);
  } else {
    const recordings = await findRecordings(dataPath, RECORDINGS_LISTED);
    print(describeRecordings(dataPath, recordings));
    print(["", ...describeConnection(address, recordings[0] ?? path.join(dataPath, "NAME.mefd"))]);
  }
  print(["", "Serving until Ctrl-C."]);
}

function describeRecordings(dataPath: string, recordings: readonly string[]): string[] {
  if (recordings.length === 0) return [`No recordings (*.mefd) were found below ${dataPath}.`];
  const more = recordings.length === RECORDINGS_LISTED ? " (the first ones found)" : "";
  return [`Recordings${more}:`, ...recordings.map((recording) => `  ${recording}`)];
}

/** @throws SignalError INVALID_ARGUMENT if there is no such folder */
function checkDataPath(dataPath: string): void {
  if (!existsSync(dataPath)) {
    throw new SignalError("INVALID_ARGUMENT", `there is no ${dataPath}`);
  }
  if (!statSync(dataPath).isDirectory()) {
    throw new SignalError("INVALID_ARGUMENT", `${dataPath} is not a folder`);
  }
}

function serverEnvironment(
  environment: Environment,
  { port, adminPort }: DemoSettings,
  dataPath: string,
): Environment {
  return {
    ...environment,
    // A root is what recordings lie below, so one recording has its folder as root.
    DATA_ROOTS: dataPath.endsWith(".mefd") ? path.dirname(dataPath) : dataPath,
    HOST,
    PORT: String(port),
    ADMIN_HOST: HOST,
    ADMIN_PORT: String(adminPort),
    LOG_DIR,
  };
}

async function exitCodeOf(server: ServerProcess): Promise<number> {
  const end = await server.ended;
  return typeof end === "number" ? end : 1;
}

function logPath(): string {
  return path.relative(process.cwd(), path.join(LOG_DIR, "gateway.log"));
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

runDemo(readEnvironment()).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // A person reads this: what they can act on is a sentence, a defect of ours is a stack.
    const text = isSignalError(error) ? error.message : error instanceof Error && error.stack;
    process.stderr.write(`make run: ${text || String(error)}\n`);
    process.exitCode = 1;
  },
);

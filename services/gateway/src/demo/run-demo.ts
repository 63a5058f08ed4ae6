import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { isSignalError, SignalError } from "@mef3-cluster/contracts/signal-error";
import { readEnvironment, type Environment } from "@mef3-cluster/runtime/environment";
import { describeConnection } from "./connect-help";
import { chooseCharset, readDemoSettings, type DemoSettings } from "./demo-settings";
import { findRecordings } from "./find-recordings";
import { ServerProcess } from "./server-process";
import { showSample, type Screen } from "./show-sample";

const REPOSITORY = path.resolve(__dirname, "../../../..");
const SERVER_ENTRY = path.resolve(__dirname, "../../bin/mef3-gateway");
/** Where `make run` writes the sample recording before it starts this. */
const SAMPLE_PATH = path.join(REPOSITORY, "sample-data", "sample.mefd");
const LOG_DIR = path.join(REPOSITORY, "build", "run-logs");

const HOST = "127.0.0.1";
const START_DEADLINE_MS = 30_000;
/** Chosen: a first read decodes a whole channel of the sample, far below this. */
const SHOW_DEADLINE_MS = 30_000;
const RECORDINGS_LISTED = 10;
/** Chosen: larger pictures do not say more. */
const LARGEST_SCREEN = { columns: 100, lines: 30 };

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
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) print(["", "Stopping; running reads are finished first."]);
      stopping.abort();
      server.stop(signal);
    });
  }
  try {
    await server.whenReady();
    await tellStory(settings, dataPath, environment, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return await server.ended;
    server.stop("SIGTERM");
    await server.ended;
    throw error;
  }
  const code = await server.ended;
  if (!stopping.signal.aborted) {
    print([`The server ended by itself, with code ${code}; its log: ${logPath()}`]);
  }
  return code;
}

async function tellStory(
  settings: DemoSettings,
  dataPath: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<void> {
  const address = `${HOST}:${settings.port}`;
  print([
    `Serving ${dataPath}`,
    `  at ${address}: gRPC in plaintext, for this machine only`,
    `  health and metrics: http://${HOST}:${settings.adminPort}/ready, /live and /metrics`,
    `  log: ${logPath()}`,
    "",
  ]);
  if (settings.dataPath === undefined) {
    const screen = screenFor(environment);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(SHOW_DEADLINE_MS)]);
    print(await showSample(address, dataPath, screen, deadline));
    print(["", ...describeConnection(address, dataPath)]);
  } else {
    const recordings = await findRecordings(dataPath, RECORDINGS_LISTED);
    print(describeRecordings(dataPath, recordings));
    print(["", ...describeConnection(address, recordings[0] ?? path.join(dataPath, "NAME.mefd"))]);
  }
  print(["", "Serving until Ctrl-C."]);
}

function screenFor(environment: Environment): Screen {
  const { isTTY, columns, rows } = process.stdout;
  const charset = chooseCharset(environment);
  if (!isTTY) return { ...LARGEST_SCREEN, charset };
  return {
    columns: Math.min(columns, LARGEST_SCREEN.columns),
    lines: Math.min(rows, LARGEST_SCREEN.lines),
    charset,
  };
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
    const text = isSignalError(error) ? error.message : inspect(error);
    process.stderr.write(`make run: ${text}\n`);
    process.exitCode = 1;
  },
);

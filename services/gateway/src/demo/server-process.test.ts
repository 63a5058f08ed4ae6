import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ServerProcess } from "./server-process";

/** Says it is ready at ADMIN_PORT, and ends with code 7 when asked to. */
const OBEDIENT = `
  const server = require("node:http").createServer((_, response) => response.end());
  server.listen(Number(process.env.ADMIN_PORT), "127.0.0.1");
  process.on("SIGTERM", () => process.exit(7));
`;
const STUBBORN = `console.error("port 1 is taken"); process.exit(3);`;
const SILENT = `setInterval(() => {}, 1000);`;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

describe("ServerProcess", () => {
  let folder: string;
  let server: ServerProcess;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "server-"));
  });

  afterEach(async () => {
    server.stop("SIGKILL");
    await server.ended;
    rmSync(folder, { recursive: true });
  });

  async function start(script: string, startDeadlineMs = 10_000): Promise<ServerProcess> {
    const entry = path.join(folder, "entry.js");
    writeFileSync(entry, `#!/usr/bin/env node\n${script}`, { mode: 0o755 });
    const port = await freePort();
    const environment = { ADMIN_PORT: String(port) };
    const adminUrl = `http://127.0.0.1:${port}`;
    server = new ServerProcess({ entry, environment, adminUrl, startDeadlineMs });
    return server;
  }

  it("waits until the server is ready, and passes its end on", async () => {
    await start(OBEDIENT);
    await server.whenReady();
    server.stop("SIGTERM");
    expect(await server.ended).toBe(7);
  });

  it("reports the last words of a server that ends instead", async () => {
    await start(STUBBORN);
    await expect(server.whenReady()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "the server did not start: port 1 is taken",
    });
    expect(await server.ended).toBe(3);
  });

  it("gives up at its deadline", async () => {
    await start(SILENT, 50);
    await expect(server.whenReady()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "the server did not become ready in time: it did not say why",
    });
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createAuthority } from "../../support/authority.ts";
import { freePort } from "../../support/gateway.ts";
import { startTestService } from "../../support/service.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance, type RunningCommand, startImpedance } from "./command.ts";

const PROBE = "spiffe://mesh.test/ns/impedance/sa/impedance";

const authority = createAuthority();
const stranger = createAuthority("Another authority");
const own = authority.issue({ names: ["DNS:impedance.mesh.test", `URI:${PROBE}`] });
const elsewhere = authority.issue({ names: ["DNS:elsewhere.test"] });
const alien = stranger.issue({ names: [`URI:${PROBE}`] });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-health-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  authority[Symbol.dispose]();
  stranger[Symbol.dispose]();
});

const SERVING = { code: 0, stdout: "serving\n", stderr: "" };

async function ask(address: string, ...more: readonly string[]) {
  return impedance(["health", "--grpc", address, ...more]);
}

describe("impedance health", () => {
  test("tells whether a service is ready, and whether it is alive", async () => {
    let isReady = true;
    await using service = await startTestService({ ready: () => isReady });
    const address = `127.0.0.1:${service.port}`;
    expect(await ask(address)).toEqual(SERVING);
    isReady = false;
    expect(await ask(address)).toEqual({ code: 1, stdout: "", stderr: "impedance: not serving\n" });
    expect(await ask(address, "--alive")).toEqual(SERVING);
  });

  test("asks on loopback who listens on every address", async () => {
    await using service = await startTestService();
    const config = join(folder, "everywhere.yaml");
    await writeFile(config, `grpc: 0.0.0.0:${service.port}\n`);
    expect(await impedance(["health", "--config", config])).toEqual(SERVING);
  });

  test("asks on a Unix socket", async () => {
    await using _service = await startTestService({ socket: join(folder, "grpc.sock") });
    expect(await ask(`unix:${join(folder, "grpc.sock")}`)).toEqual(SERVING);
  });

  test("says that nobody is there", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { code, stderr } = await ask(address, "--alive");
    const says = `impedance: no answer from ${address} (UNAVAILABLE)\n`;
    expect({ code, stderr }).toEqual({ code: 1, stderr: says });
  });

  test("waits no longer than it was told for one who says nothing", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    const address = await waitFor("its port", () => silent.address());
    const port = typeof address === "object" ? address.port : 0;
    const { code, stderr } = await ask(`127.0.0.1:${port}`, "--timeout-ms", "200");
    silent.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `impedance: no answer from 127.0.0.1:${port} (DEADLINE_EXCEEDED)\n`,
    });
  });

  test.each([
    { args: ["--timeout-ms", "soon"], says: "--timeout-ms is a number" },
    { args: ["--grpc", "nowhere"], says: "--grpc nowhere is neither" },
    { args: ["--ca", "authority.pem"], says: "--certificate, --key and --ca together" },
    { args: ["--ca", "a", "--key", "b", "--certificate", "c"], says: "cannot be read" },
  ])("explains $args", async ({ args, says }) => {
    const { code, stderr } = await impedance(["health", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });
});

describe("impedance health, where the port has TLS", () => {
  let serve: RunningCommand;
  let config: string;

  beforeAll(async () => {
    config = join(folder, "tls.yaml");
    const files = { certificate_file: own.certFile, key_file: own.keyFile };
    const tls = { ...files, client_ca_file: authority.file, allowed_identities: [PROBE] };
    const grpc = `127.0.0.1:${await freePort()}`;
    await writeFile(config, JSON.stringify({ grpc, grpc_tls: tls }));
    serve = startImpedance(["serve", "--config", config, "--admin", "127.0.0.1:0"]);
    await waitFor("serve to start", () => serve.stderr().includes('"started"'));
  });

  afterAll(() => serve[Symbol.asyncDispose]());

  const pair = ({ certFile, keyFile }: typeof own) => [
    ...["--certificate", certFile],
    ...["--key", keyFile],
  ];

  test.each([
    { title: "the service's own certificate", args: [] },
    { title: "it, and asks for a name", args: ["--server-name", "impedance.mesh.test"] },
  ])("shows $title", async ({ args }) => {
    expect(await impedance(["health", "--config", config, ...args])).toEqual(SERVING);
  });

  test.each([
    { title: "another name", args: ["--server-name", "elsewhere.test"], says: "no answer from " },
    { title: "another's identity", args: pair(elsewhere), says: " (PERMISSION_DENIED)" },
    { title: "another authority's certificate", args: pair(alien), says: "no answer from " },
    { title: "trust in another authority", args: ["--ca", stranger.file], says: "no answer from " },
  ])("is not answered with $title", async ({ args, says }) => {
    const asked = ["health", "--config", config, ...args, "--timeout-ms", "3000"];
    const { code, stdout, stderr } = await impedance(asked);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(says);
  });
});

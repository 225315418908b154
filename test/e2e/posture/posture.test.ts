/** A host that is not as it has to be: what agents, operators and the log are told of it. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { call } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startServe } from "../../support/serve-process.ts";
import { startUpstream } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";

/** A look a second, on a machine that may have much else to do. */

let folder: string;
let server: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-e2e-posture-"));
  server = join(folder, "server.js");
  await writeFile(server, "as reviewed");
});
afterEach(() => rm(folder, { recursive: true }));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function watching(onFailure: string): string {
  return `
padding: { scheme: off }
audit: { sink: file, file: ${join(folder, "decisions.log")} }
integrity:
  look_interval_s: 1
  files: { files_server: { path: ${server}, sha256: ${sha256("as reviewed")}, on_failure: ${onFailure} } }
`;
}

test("calls are denied for as long as the server's program is another one", async () => {
  await using service = await startServe({ config: watching("deny") });
  await using upstream = await startUpstream(async ({ request, json }) => {
    json(toolResult(JSON.parse(String(await request.whole)).id, "done"));
  });
  await using gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service,
  });
  const answer = async () =>
    (await call(gateway, { path: "/mcp", body: toolCall(1, {}, "work") })).text;
  const denied = async () => (await answer()).includes("posture_failed");
  const passed = async () => (await answer()).includes("done");
  expect(await answer()).toContain("done");

  await writeFile(server, "as somebody else likes it");
  await waitFor("calls to be denied", denied);
  const seen = upstream.requests.length;
  expect(await answer()).toContain("decision_id");
  expect(upstream.requests).toHaveLength(seen);

  const admin = `http://127.0.0.1:${service.adminPort}`;
  const url = gateway.url("/mcp");
  const doctor = await impedance(["doctor", "--url", url, "--admin", admin]);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toContain(
    `FAIL  posture integrity.files_server: false (on_failure: deny), ${server}`,
  );
  expect(doctor.stdout).toMatch(
    /^ok {4}posture host\.unprivileged: (?:true|false \(on_failure: fact\)), \/proc/m,
  );

  await writeFile(server, "as reviewed");
  await waitFor("calls to pass again", passed);
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  expect(metrics).toContain('impedance_posture_changes_total{check="integrity.files_server"} 2');
  expect(metrics).toMatch(/mcp_denied_total\{reason="posture_failed"\} [1-9]/);
});

test("a program that is changed ends the run with exit code 11, and the log tells why", async () => {
  const service = await startServe({ config: watching("shutdown") });
  await writeFile(server, "as somebody else likes it");
  expect(await within("serve to end", service.exited)).toEqual({
    code: 11,
    signal: null,
  });
  expect(service.log.at(-1)).toContain("integrity.files_server does not hold");
  await service.stop();

  const log = join(folder, "decisions.log");
  const verified = await impedance(["log", "verify", log]);
  expect(verified).toMatchObject({ code: 0 });
  const tail = await impedance(["log", "tail", log]);
  expect(tail.stdout).toContain("integrity.files_server=false");
  const again = await startServe({ config: watching("shutdown") }).catch(String);
  expect(again).toContain("exit code 11");
});

test("the same ends several workers, and those that would replace them, with the same code", async () => {
  const service = await startServe({
    config: watching("shutdown"),
    workers: 2,
    socket: join(folder, "grpc.sock"),
  });
  await writeFile(server, "as somebody else likes it");
  const ended = await within("serve to end", service.exited);
  expect(ended).toEqual({ code: 11, signal: null });
  expect(service.log.join("\n")).toContain("integrity.files_server does not hold");
});

test("check says which files of the posture source cannot be read", async () => {
  const config = join(folder, "impedance.yaml");
  const url = "https://mdm.example.com";
  await writeFile(
    config,
    `posture: { source: { url: "${url}/p", issuer: "${url}", jwks_file: none.json } }`,
  );
  const { code, stderr } = await impedance(["check", "--config", config]);
  expect(code).toBe(1);
  expect(stderr).toContain("the keys of the posture source cannot be read");
});

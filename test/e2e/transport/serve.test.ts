/** `impedance serve` with certificates and a token of its own, as operators meet it. */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { createAuthority, type IssuedCertificate } from "../../support/authority.ts";
import { startServe } from "../../support/serve-process.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";

const TOKEN = "admin-token-of-a-test";

const authority = createAuthority();
const first = authority.issue({ names: ["DNS:localhost"], days: 30 });
const second = authority.issue({ names: ["DNS:localhost"], days: 10 });
const ended = authority.issue({ names: ["DNS:localhost"], days: -1 });
const folder = mkdtempSync(join(tmpdir(), "impedance-transport-"));
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, `${TOKEN}\n`);

afterAll(() => {
  authority[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The files that the service follows; a new certificate is put over the old one. */
function filesFor(name: string) {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
  const put = ({ certFile, keyFile }: IssuedCertificate): void => {
    copyFileSync(certFile, files.cert);
    copyFileSync(keyFile, files.key);
  };
  return { ...files, put };
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly fingerprint: string;
}

function ask(port: number, path: string, token: string | null = TOKEN): Promise<Reply> {
  const reply = Promise.withResolvers<Reply>();
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const tls = { ca: authority.pem, servername: "localhost", rejectUnauthorized: false };
  const asked = request({ host: "127.0.0.1", port, path, headers, agent: false, ...tls });
  asked.on("error", reply.reject);
  asked.on("response", async (response) => {
    const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
    const chunks: Buffer[] = await response.toArray();
    reply.resolve({
      status: response.statusCode ?? 0,
      body: Buffer.concat(chunks).toString(),
      fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
    });
  });
  asked.end();
  return reply.promise;
}

function codesOf(log: readonly string[]): string[] {
  return log.map((line) => (JSON.parse(line) as { code: string }).code);
}

test("the admin port speaks TLS, asks for the token, and follows its certificate", async () => {
  const files = filesFor("admin");
  files.put(first);
  await using serve = await startServe({
    config: `
admin_tls: { certificate_file: ${files.cert}, key_file: ${files.key}, poll_interval_ms: 100 }
admin_access: { token: "file:${tokenFile}" }
`,
  });
  expect(await ask(serve.adminPort, "/ready", null)).toEqual({
    status: 200,
    body: '{"status":"ready"}',
    fingerprint: first.fingerprint,
  });
  expect((await ask(serve.adminPort, "/metrics", null)).status).toBe(401);
  expect((await ask(serve.adminPort, "/metrics", `${TOKEN}!`)).status).toBe(401);
  const { status, body } = await ask(serve.adminPort, "/metrics");
  expect(status).toBe(200);
  expect(body).toMatch(/^impedance_certificate_expires_seconds\{name="admin"\} 25\d{5}/m);
  expect(body).toContain('impedance_admin_refused_total{reason="token"} 2');

  writeFileSync(files.key, ended.key);
  await waitFor("the refusal of a bad pair", () =>
    codesOf(serve.log).includes("certificate_refused"),
  );
  expect((await ask(serve.adminPort, "/health", null)).fingerprint).toBe(first.fingerprint);
  files.put(second);
  await waitFor("the new certificate", async () => {
    return (await ask(serve.adminPort, "/health", null)).fingerprint === second.fingerprint;
  });
  await expect
    .poll(() => codesOf(serve.log))
    .toEqual(expect.arrayContaining(["certificate_loaded", "certificate_expires"]));
  expect(serve.log.join("\n")).not.toContain(TOKEN);
});

test("a certificate that has ended keeps the service from being ready, and says so", async () => {
  const { certFile, keyFile } = ended;
  await using serve = await startServe({
    config: `
grpc_tls:
  certificate_file: ${certFile}
  key_file: ${keyFile}
  client_ca_file: ${authority.file}
  allowed_identities: ["spiffe://mesh/envoy"]
`,
  });
  const answer = await fetch(`http://127.0.0.1:${serve.adminPort}/ready`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ status: "not ready", reasons: ["certificate_expired"] });
  await expect.poll(() => codesOf(serve.log)).toContain("certificate_expired");
});

describe("it does not start, and check says why,", () => {
  const tls = { certificate_file: first.certFile, key_file: first.keyFile };
  test.each([
    {
      title: "with an admin port for everybody",
      command: "serve",
      config: { admin: "0.0.0.0:0" },
      says: /admin: beyond this machine it needs admin_access\.token and admin_tls; or listen on/,
    },
    {
      title: "with a token that others could read on the way",
      config: { admin: "0.0.0.0:0", admin_access: { token: `file:${tokenFile}` } },
      says: /admin: beyond this machine it needs admin_tls;/,
    },
    {
      title: "with the key of another",
      config: { admin_tls: { ...tls, key_file: second.keyFile } },
      says: /admin_tls: key_file holds the key of another certificate/,
    },
    {
      title: "without its certificate",
      config: { admin_tls: { ...tls, certificate_file: "nowhere.pem" } },
      says: /admin_tls: certificate_file cannot be read/,
    },
  ])("$title", async ({ config, says, command = "check" }) => {
    const file = join(folder, "impedance.yaml");
    writeFileSync(file, JSON.stringify({ grpc: "127.0.0.1:0", admin: "127.0.0.1:0", ...config }));
    const { code, stderr } = await impedance([command, "--config", file]);
    expect(stderr).toMatch(says);
    expect(code).toBe(1);
  });

  test("but with a token and TLS it listens for everybody", async () => {
    const file = join(folder, "impedance.yaml");
    const config = {
      grpc: "127.0.0.1:0",
      admin: "0.0.0.0:0",
      admin_tls: tls,
      admin_access: { token: `file:${tokenFile}` },
    };
    writeFileSync(file, JSON.stringify(config));
    expect((await impedance(["check", "--config", file])).code).toBe(0);
  });
});

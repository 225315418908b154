import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createApiKey } from "../../../src/identity/api-key/key.ts";
import {
  BAD_TOKENS,
  MAX_BYTES,
  OTHER_ISSUER,
  REVOKED,
  SKEW_S,
  type TableKeys,
} from "../../support/bad-tokens.ts";
import { freePort, type Gateway, startGateway } from "../../support/gateway.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { createTestKey, goodToken, ISSUER } from "../../support/tokens.ts";
import { toolServer } from "./tool-server.ts";

const keys: TableKeys = {
  rsa: createTestKey("RS256"),
  elliptic: createTestKey("ES256"),
  gone: createTestKey("ES256", "gone"),
  stranger: createTestKey("RS256"),
  other: createTestKey("RS256"),
};
const once = createTestKey("EdDSA");
const ONCE_ISSUER = "https://once.example.com";
const apiKey = createApiKey();
const PUBLIC_URL = "https://gateway.example.com";

let folder = "";
let upstream: Awaited<ReturnType<typeof toolServer>>;
let serve: ServeProcess;
let gateway: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "impedance-serve-tokens-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return JSON.stringify(join(folder, name));
  };
  const set = (...all: readonly TableKeys["rsa"][]) =>
    JSON.stringify({ keys: all.map(({ jwk }) => jwk) });
  upstream = await toolServer();
  const port = await freePort();
  serve = await startServe({
    port,
    config: `
# More tokens than anybody may guess are tried here.
servers: { files: { url: "${upstream.url}", path: /files/mcp } }
authentication_failures: { max: 0 }
authentication:
  public_url: ${PUBLIC_URL}
  revocation_file: ${file("revoked.txt", REVOKED)}
  tokens:
    max_bytes: ${MAX_BYTES}
    issuers:
      corp: { issuer: "${ISSUER}", jwks_file: ${file("corp.json", set(keys.rsa, keys.elliptic, keys.gone))}, clock_skew_s: ${SKEW_S} }
      other: { issuer: "${OTHER_ISSUER}", jwks_file: ${file("other.json", set(keys.other))}, clock_skew_s: ${SKEW_S} }
      once: { issuer: "${ONCE_ISSUER}", jwks_file: ${file("once.json", set(once))}, replay: once }
      away: { issuer: "http://127.0.0.1:1", jwks_timeout_ms: 200 }
  api_keys: { keys: [{ id: ci, hash: "sha256:${apiKey.hash}" }] }
`,
  });
  gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url, path: "/files/mcp" }],
    service: { port },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await serve?.stop();
  await upstream?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const PING = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });

/** Several headers of a name are sent as several. */
function post(shown: string | readonly string[], name = "authorization") {
  const headers = new Headers({
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  });
  for (const one of [shown].flat()) headers.append(name, one);
  return fetch(gateway.url("/files/mcp"), { method: "POST", headers, body: PING });
}

/** What a client can put into a header: the rest of the table is for the unit test alone. */
const isSendable = (shown: string | readonly string[]) =>
  [shown].flat().every((text) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text));

async function countOf(code: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${serve.adminPort}/metrics`)).text();
  const line = new RegExp(`^impedance_auth_total\\{[^}]*code="${code}"[^}]*\\} (\\d+)$`, "m");
  return Number(line.exec(page)?.[1] ?? 0);
}

/** As the log tells of them. */
function refusals(): readonly Record<string, unknown>[] {
  return serve.account
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "token_refused");
}

describe("through Envoy", () => {
  test("a good token comes in, and so does an API key", async () => {
    expect((await post(`Bearer ${goodToken(keys.rsa)}`)).status).toBe(200);
    expect((await post(apiKey.key, "x-api-key")).status).toBe(200);
    expect(upstream.lastHeaders()["x-api-key"]).toBeUndefined();
  });

  test.each(BAD_TOKENS.filter(({ shown }) => isSendable(shown(keys))))(
    "a token with $title does not ($code)",
    async ({ shown, code }) => {
      const sent = shown(keys);
      const before = await countOf(code);
      const answer = await post(sent);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer .*error="invalid_token"/);
      const body = await answer.json();
      expect(body).toMatchObject({ error: { code: -31904, data: { code: "unauthenticated" } } });
      expect(await countOf(code)).toBe(before + 1);
      // One line a minute of each code.
      const onRecord = { details: expect.objectContaining({ method: "token", code }) };
      await expect.poll(refusals).toContainEqual(expect.objectContaining(onRecord));
      const told = JSON.stringify([body, [...answer.headers], serve.log, serve.decisions]);
      for (const part of [sent].flat().flatMap((text) => text.split(/[ .,]/))) {
        if (part.length >= 12) expect(told).not.toContain(part);
      }
    },
  );

  test("a token that is good once comes in once", async () => {
    const token = () => goodToken(once, { claims: { iss: ONCE_ISSUER } });
    const replayed = token();
    expect((await post(`Bearer ${replayed}`)).status).toBe(200);
    expect((await post(`Bearer ${replayed}`)).status).toBe(401);
    expect(await countOf("token_replayed")).toBe(1);
    expect((await post(`Bearer ${token()}`)).status).toBe(200);
    const nameless = goodToken(once, { claims: { iss: ONCE_ISSUER, jti: undefined } });
    expect((await post(`Bearer ${nameless}`)).status).toBe(401);
  });

  test("a token of an issuer whose keys cannot be had is not blamed", async () => {
    const answer = await post(
      `Bearer ${goodToken(once, { claims: { iss: "http://127.0.0.1:1" } })}`,
    );
    expect(answer.status).toBe(503);
    expect(answer.headers.get("www-authenticate")).toBeNull();
    expect(await answer.json()).toMatchObject({
      error: { data: { code: "identity_unavailable" } },
    });
    expect(await countOf("keys_unavailable")).toBe(1);
    await expect.poll(() => serve.log.join("\n")).toContain("keys_missing");
  });

  test("nobody comes in while the revocation list cannot be understood", async () => {
    writeFileSync(join(folder, "revoked.txt"), "nonsense\n");
    const token = `Bearer ${goodToken(keys.rsa)}`;
    await expect.poll(async () => (await post(token)).status).toBe(503);
    expect((await post(apiKey.key, "x-api-key")).status).toBe(503);
    writeFileSync(join(folder, "revoked.txt"), "key ci\n");
    await expect.poll(async () => (await post(token)).status).toBe(200);
    expect((await post(apiKey.key, "x-api-key")).status).toBe(401);
    expect(await countOf("api_key_revoked")).toBe(1);
  });
});

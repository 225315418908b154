import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { KeySourceSettings } from "../../../../src/core/authentication.ts";
import { createKeySource } from "../../../../src/identity/jwt/key-source.ts";
import { AUTHORITY_FILE, ELSEWHERE, LOCALHOST } from "../../../support/certificates.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let handler: Handler = () => undefined;
let at = "";
let folder = "";
const server = createServer((request, response) => handler(request, response));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "impedance-keys-"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const REMOTE = { timeoutMs: 2_000, caFile: null, tokenFile: null };
const KEYS = { keys: [] };
const json = (response: ServerResponse, value: unknown) => response.end(JSON.stringify(value));

/** Keys at an address, or by discovery from an issuer. */
const from = (keys: KeySourceSettings, issuer = at) => createKeySource({ issuer, keys })();
const uri = (path: string, changed: object = {}) =>
  from({ kind: "uri", uri: `${at}${path}`, ...REMOTE, ...changed });
const discovery = (issuer = at) => from({ kind: "discovery", ...REMOTE }, issuer);

describe("keys at an address", () => {
  test("are what stands there", async () => {
    handler = (_, response) => json(response, KEYS);
    expect(await uri("/jwks")).toEqual(KEYS);
  });

  test("are asked for with the token and under the authority that the place wants", async () => {
    writeFileSync(join(folder, "token"), "service-account\n");
    let shown: string | undefined;
    handler = (request, response) => {
      shown = request.headers.authorization;
      json(response, KEYS);
    };
    await uri("/jwks", { tokenFile: join(folder, "token") });
    expect(shown).toBe("Bearer service-account");
  });

  test.each<{ title: string; answer: Handler; changed?: object; says: RegExp }>([
    {
      title: "elsewhere",
      answer: (_, response) => response.writeHead(302, { location: "/jwks" }).end(),
      says: /HTTP 302/,
    },
    { title: "missing", answer: (_, response) => response.writeHead(404).end(), says: /HTTP 404/ },
    { title: "no JSON", answer: (_, response) => response.end("<html>"), says: /no JSON/ },
    {
      title: "endless",
      answer: (_, response) => response.end("x".repeat(600 * 1024)),
      says: /too much/,
    },
    {
      title: "late",
      answer: (_, response) => response.write("{"),
      changed: { timeoutMs: 50 },
      says: /abort|timeout/i,
    },
    {
      title: "behind a token that cannot be read",
      answer: (_, response) => json(response, KEYS),
      changed: { tokenFile: "/nowhere" },
      says: /cannot be read/,
    },
  ])("that are $title are none", async ({ answer, changed, says }) => {
    handler = answer;
    await expect(uri("/jwks", changed)).rejects.toThrow(says);
  });

  test("are not fetched over what others could change on the way", async () => {
    const keys = { kind: "uri", uri: "http://192.0.2.1/jwks", ...REMOTE } as const;
    await expect(from(keys)).rejects.toThrow(/https/);
  });
});

describe("keys behind TLS, as a cluster has them", () => {
  test.each([
    {
      title: "are taken from the host that the authority vouches for",
      certificate: LOCALHOST,
      ok: true,
    },
    { title: "are not taken from another", certificate: ELSEWHERE, ok: false },
  ])("$title", async ({ certificate, ok }) => {
    const secure = createSecureServer(
      { cert: certificate.cert, key: certificate.key },
      (_, response) => json(response, KEYS),
    );
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const { port } = secure.address() as AddressInfo;
    const remote = { ...REMOTE, caFile: AUTHORITY_FILE };
    const keys = from({ kind: "uri", uri: `https://localhost:${port}/jwks`, ...remote });
    await (ok
      ? expect(keys).resolves.toEqual(KEYS)
      : expect(keys).rejects.toThrow(/altnames|certificate/i));
    await new Promise((resolve) => secure.close(resolve));
  });
});

describe("discovery", () => {
  test.each([
    { title: "OpenID Connect", place: "/.well-known/openid-configuration", path: "" },
    { title: "OAuth", place: "/.well-known/oauth-authorization-server", path: "" },
    { title: "OpenID Connect", place: "/a/.well-known/openid-configuration", path: "/a" },
    { title: "OAuth", place: "/.well-known/oauth-authorization-server/a", path: "/a" },
  ])("by $title finds the keys of an issuer at $place", async ({ place, path }) => {
    handler = ({ url }, response) => {
      if (url === "/keys") json(response, KEYS);
      else if (url === place) json(response, { issuer: `${at}${path}`, jwks_uri: `${at}/keys` });
      else response.writeHead(404).end();
    };
    expect(await discovery(`${at}${path}`)).toEqual(KEYS);
  });

  test.each([
    { title: "of another issuer", metadata: () => ({ issuer: "https://a.b", jwks_uri: at }) },
    { title: "without keys", metadata: () => ({ issuer: at }) },
    {
      title: "with keys that others could change on the way",
      metadata: () => ({ issuer: at, jwks_uri: "http://192.0.2.1/keys" }),
    },
    { title: "that are none", metadata: () => 7 },
  ])("heeds no metadata $title", async ({ metadata }) => {
    handler = (_, response) => json(response, metadata());
    await expect(discovery()).rejects.toThrow();
  });
});

describe("keys in a file", () => {
  test("are what stands there now", async () => {
    const path = join(folder, "jwks.json");
    writeFileSync(path, JSON.stringify(KEYS));
    expect(await from({ kind: "file", path })).toEqual(KEYS);
    writeFileSync(path, "{");
    await expect(from({ kind: "file", path })).rejects.toThrow();
  });
});

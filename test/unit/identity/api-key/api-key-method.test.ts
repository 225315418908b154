import { describe, expect, test } from "vitest";

import type { AuthenticationSettings } from "../../../../src/core/authentication.ts";
import { createApiKey } from "../../../../src/identity/api-key/key.ts";
import { createAuthentication } from "../../../../src/identity/authentication.ts";
import { headOf } from "../../../golden/data-path.ts";
import { rememberAttempts } from "../../../support/authentication.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const live = createApiKey();
const ended = createApiKey();
const unknown = createApiKey();

const entry = (id: string, hash: string, expiresAtMs: number | null) => ({
  id,
  hash,
  kind: "service" as const,
  roles: ["deploy"],
  scopes: ["files:read"],
  expiresAtMs,
});

const settings: AuthenticationSettings = {
  publicUrl: null,
  resource: null,
  anonymous: true,
  scopes: [],
  tokens: null,
  apiKeys: {
    header: "x-api-key",
    keys: [entry("ci", live.hash, NOW + 1), entry("old", ended.hash, NOW)],
  },
  mtls: null,
  proxyToken: null,
  revocationFile: null,
};

function identify(headers: { readonly [name: string]: string }) {
  const telemetry = rememberAttempts();
  const { identity } = createAuthentication({
    settings,
    publicUrl: "http://127.0.0.1:8070",
    servers: [{ id: "files", path: "/mcp" }],
    clock: { now: () => NOW, monotonic: () => 0 },
    telemetry,
    onKeysMissing: () => undefined,
    methods: [],
  });
  return { identity: identity.identify(headOf({ server: "files", headers })), telemetry };
}

describe("an API key", () => {
  test("lets in whoever has it, as what the configuration says", async () => {
    expect(await identify({ "x-api-key": live.key }).identity).toMatchObject({
      kind: "known",
      principal: {
        id: "key:ci",
        kind: "service",
        roles: ["deploy"],
        scopes: ["files:read"],
        authenticated_by: "api_key",
      },
      credential: { session: null, expiresAtMs: NOW + 1 },
    });
  });

  test.each([
    { title: "is unknown", shown: unknown.key, code: "api_key_unknown" },
    { title: "has ended", shown: ended.key, code: "api_key_expired" },
    { title: "is empty", shown: "", code: "api_key_malformed" },
    { title: "is cut off", shown: live.key.slice(0, -1), code: "api_key_malformed" },
    { title: "is its own hash", shown: live.hash, code: "api_key_malformed" },
    { title: "was sent twice", shown: `${live.key}, ${live.key}`, code: "api_key_malformed" },
    { title: "goes on behind a line", shown: `${live.key}\n`, code: "api_key_malformed" },
  ])("that $title is refused, though the anonymous may come in", async ({ shown, code }) => {
    const { identity, telemetry } = identify({ "x-api-key": shown });
    expect(await identity).toEqual({ kind: "refused", code, challenge: 'ApiKey realm="mcp"' });
    expect(telemetry.attempts).toMatchObject([{ outcome: code, method: "api_key" }]);
  });

  test("that is not shown leaves its caller anonymous", async () => {
    expect(await identify({}).identity).toMatchObject({ principal: { id: "anonymous@files" } });
  });

  test("is another one each time, and nothing of it is in its hash", () => {
    expect(live.key).toMatch(/^imp_[\w-]{43}$/);
    expect(live.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(live.key).not.toBe(ended.key);
  });
});

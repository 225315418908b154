import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { IdentityPort } from "../../../../src/core/identity.ts";
import { createAuthentication } from "../../../../src/identity/authentication.ts";
import { systemClock } from "../../../../src/server/system.ts";
import { headOf } from "../../../golden/data-path.ts";
import { authenticationFrom, rememberAttempts } from "../../../support/authentication.ts";
import {
  BAD_TOKENS,
  MAX_BYTES,
  OTHER_ISSUER,
  REVOKED,
  SKEW_S,
  type TableKeys,
} from "../../../support/bad-tokens.ts";
import { createTestKey, goodToken, ISSUER } from "../../../support/tokens.ts";

const keys: TableKeys = {
  rsa: createTestKey("RS256"),
  elliptic: createTestKey("ES256"),
  gone: createTestKey("ES256", "gone"),
  stranger: createTestKey("RS256"),
  other: createTestKey("RS256"),
};

const PUBLIC_URL = "https://gateway.example.com";
const telemetry = rememberAttempts();
let folder = "";
let identity: IdentityPort;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "impedance-tokens-"));
  const set = (...all: readonly TableKeys["rsa"][]) =>
    JSON.stringify({ keys: all.map(({ jwk }) => jwk) });
  writeFileSync(join(folder, "corp.json"), set(keys.rsa, keys.elliptic, keys.gone));
  writeFileSync(join(folder, "other.json"), set(keys.other));
  writeFileSync(join(folder, "revoked.txt"), REVOKED);
  const settings = authenticationFrom(
    `
servers: { files: { url: "http://127.0.0.1:1/mcp" } }
authentication:
  public_url: ${PUBLIC_URL}
  scopes: ["files:read"]
  revocation_file: revoked.txt
  tokens:
    max_bytes: ${MAX_BYTES}
    issuers:
      corp: { issuer: "${ISSUER}", jwks_file: corp.json, clock_skew_s: ${SKEW_S} }
      other: { issuer: "${OTHER_ISSUER}", jwks_file: other.json, clock_skew_s: ${SKEW_S} }
`,
    folder,
  );
  ({ identity } = createAuthentication({
    settings,
    publicUrl: PUBLIC_URL,
    servers: [{ id: "files", path: "/files/mcp" }],
    clock: systemClock,
    telemetry,
    onKeysMissing: (_, reason) => expect.fail(reason),
    methods: [],
  }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the proxy adapter joins several headers of a name. */
function headWith(shown: string | readonly string[]) {
  const authorization = typeof shown === "string" ? shown : shown.join(", ");
  return headOf({ server: "files", headers: { authorization } });
}

describe("a bad token", () => {
  test("comes in more kinds than forty, each with a name of its own", () => {
    const titles = BAD_TOKENS.map(({ title }) => title);
    expect(titles.length).toBeGreaterThanOrEqual(40);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test.each(BAD_TOKENS)("with $title is refused as $code", async ({ shown, code }) => {
    telemetry.attempts.length = 0;
    const credential = shown(keys);
    const refusal = await identity.identify(headWith(credential));
    expect(refusal).toEqual({
      kind: "refused",
      code,
      challenge: expect.stringMatching(
        /^Bearer resource_metadata="https:\/\/gateway\.example\.com\/\.well-known\/oauth-protected-resource\/files\/mcp", error="invalid_token", error_description="[\w ,.']+", scope="files:read"$/,
      ),
    });
    expect(telemetry.attempts).toEqual([
      expect.objectContaining({ outcome: code, method: "token", server: "files" }),
    ]);
    // Nothing of it comes back.
    for (const part of [credential].flat().flatMap((text) => text.split(/[ .,]/))) {
      if (part.length < 12) continue;
      expect(JSON.stringify([refusal, telemetry.attempts])).not.toContain(part);
    }
  });

  test.each(BAD_TOKENS.filter(({ twin }) => twin !== undefined))(
    "with $title has a twin that is let in",
    async ({ twin = () => "" }) => {
      expect(await identity.identify(headWith(twin(keys)))).toMatchObject({ kind: "known" });
    },
  );

  test("has an ordinary twin that is let in, as often as it is shown", async () => {
    const head = headWith(`Bearer ${goodToken(keys.rsa)}`);
    const known = await identity.identify(head);
    expect(known).toMatchObject({
      principal: {
        id: "corp:alice",
        kind: "user",
        roles: [],
        scopes: ["files:read"],
        claims: {},
        authenticated_by: "jwt",
      },
    });
    expect(await identity.identify(head)).toMatchObject({ kind: "known" });
  });

  test("in the address is refused, whatever else is shown", async () => {
    const token = goodToken(keys.rsa);
    const head = headWith(`Bearer ${token}`);
    expect(await identity.identify({ ...head, path: `/files/mcp?access_token=${token}` })).toEqual(
      expect.objectContaining({ kind: "refused", code: "token_in_query" }),
    );
    expect(await identity.identify({ ...head, path: "/files/mcp?q=1" })).toMatchObject({
      kind: "known",
    });
  });
});

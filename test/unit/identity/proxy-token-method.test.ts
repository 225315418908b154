import { describe, expect, test } from "vitest";
import type { ProxyTokenSettings } from "../../../src/core/authentication.ts";
import type { VerifiedTokens } from "../../../src/core/exchange.ts";
import type { Identity } from "../../../src/core/identity.ts";
import type { Json } from "../../../src/core/policy.ts";
import type { AuthCode } from "../../../src/identity/codes.ts";
import { createProxyTokenMethod } from "../../../src/identity/proxy/proxy-token-method.ts";
import { decodeRevocations, type Revocations } from "../../../src/identity/revocations.ts";
import { headOf } from "../../golden/data-path.ts";

const NOW_S = 1_000;
const SETTINGS: ProxyTokenSettings = {
  payload: "verified",
  issuer: "https://login.test",
  audiences: null,
  clockSkewMs: 5_000,
  principal: { claim: "sub", kind: "user" },
  roles: { claims: ["roles"], prefix: "", map: new Map() },
  scopes: { claims: ["scope"], prefix: "", map: new Map() },
  claims: ["team"],
};
const CLAIMS = { iss: "https://login.test", sub: "dora", exp: NOW_S + 60 };

interface Options {
  readonly settings?: Partial<ProxyTokenSettings>;
  readonly revoked?: string;
}

function identify(
  verified: VerifiedTokens | null,
  options: Options = {},
): Promise<Identity | null> {
  const list = decodeRevocations(options.revoked ?? "");
  const revocations: Revocations = { current: () => list };
  const method = createProxyTokenMethod({
    settings: { ...SETTINGS, ...options.settings },
    revocations,
    clock: { now: () => NOW_S * 1_000, monotonic: () => 0 },
    challenger: {
      missing: () => "",
      stepUp: () => null,
      refusal: (_, code: AuthCode) => ({ kind: "refused", code, challenge: null }),
    },
  });
  return method.identify({ ...headOf({ server: "files" }), ...(verified && { verified }) });
}

async function outcome(claims: Json, options: Options = {}): Promise<string | null> {
  const identity = await identify({ verified: claims }, options);
  if (identity === null) return null;
  return identity.kind === "known" ? identity.principal.id : identity.code;
}

describe("claims that the proxy left", () => {
  test("say who calls", async () => {
    const claims = { ...CLAIMS, roles: ["a"], scope: "b c", team: "core", sid: "s", jti: "j" };
    expect(await identify({ verified: claims, other: {} })).toEqual({
      kind: "known",
      principal: {
        id: "proxy:dora",
        kind: "user",
        roles: ["a"],
        scopes: ["b", "c"],
        claims: { team: "core" },
        authenticated_by: "proxy",
      },
      credential: {
        session: "s",
        expiresAtMs: (NOW_S + 65) * 1_000,
        isRevoked: expect.any(Function),
      },
    });
  });

  test.each([
    { title: "there are none", verified: null },
    { title: "they stand under another name", verified: { other: CLAIMS } },
    { title: "their name is one of every object", verified: {}, payload: "toString" },
  ])("are not shown where $title", async ({ verified, payload = "verified" }) => {
    expect(await identify(verified, { settings: { payload } })).toBeNull();
  });

  test.each([
    { claims: { ...CLAIMS, iss: "https://other.test" }, is: "token_issuer" },
    { claims: { ...CLAIMS, iss: "https://login.test/" }, is: "token_issuer" },
    { claims: { sub: "dora" }, is: "token_issuer" },
    { claims: { ...CLAIMS, exp: NOW_S - 5 }, is: "token_expired" },
    { claims: { ...CLAIMS, exp: NOW_S - 4 }, is: "proxy:dora" },
    { claims: { ...CLAIMS, exp: "never" }, is: "token_claims" },
    { claims: { iss: CLAIMS.iss, sub: "dora" }, is: "proxy:dora" },
    { claims: { iss: CLAIMS.iss }, is: "token_claims" },
    { claims: { ...CLAIMS, sub: "" }, is: "token_claims" },
    { claims: { ...CLAIMS, sub: 7 }, is: "token_claims" },
    { claims: { ...CLAIMS, sub: "x".repeat(300) }, is: "token_claims" },
    { claims: { ...CLAIMS, roles: { a: 1 } }, is: "token_claims" },
    { claims: [CLAIMS], is: "token_claims" },
    { claims: null, is: "token_claims" },
    { claims: "dora", is: "token_claims" },
  ])("of the form $claims are $is", async ({ claims, is }) => {
    expect(await outcome(claims)).toBe(is);
  });

  test.each([
    { aud: "us", is: "proxy:dora" },
    { aud: ["them", "us"], is: "proxy:dora" },
    { aud: "them", is: "token_audience" },
    { aud: ["us-not"], is: "token_audience" },
    { aud: null, is: "token_audience" },
  ])("for $aud are $is where an audience is asked for", async ({ aud, is }) => {
    expect(await outcome({ ...CLAIMS, aud }, { settings: { audiences: ["us"] } })).toBe(is);
  });

  test.each([
    { revoked: "sub proxy dora", is: "token_revoked" },
    { revoked: "jti proxy j", is: "token_revoked" },
    { revoked: "sub login dora", is: "proxy:dora" },
    { revoked: "nonsense", is: "revocations_unavailable" },
  ])("taken back by “$revoked” are $is", async ({ revoked, is }) => {
    expect(await outcome({ ...CLAIMS, jti: "j" }, { revoked })).toBe(is);
  });
});

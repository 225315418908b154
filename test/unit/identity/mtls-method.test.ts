import { describe, expect, test } from "vitest";
import type { MtlsSettings } from "../../../src/core/authentication.ts";
import type { Peer } from "../../../src/core/exchange.ts";
import type { Identity } from "../../../src/core/identity.ts";
import type { AuthCode } from "../../../src/identity/codes.ts";
import { createMtlsMethod } from "../../../src/identity/mtls/mtls-method.ts";
import { decodeSpiffeId } from "../../../src/identity/mtls/spiffe-id.ts";
import { decodeRevocations, type Revocations } from "../../../src/identity/revocations.ts";
import { headOf } from "../../golden/data-path.ts";

const ALICE = "spiffe://td.test/ns/agents/sa/alice";
const NOBODY: Peer = { uri: null, dns: null, subject: null, fingerprint: null };
const SETTINGS: MtlsSettings = {
  trustDomains: ["td.test"],
  names: ["*.Agents.test"],
  subjects: ["CN=*,O=Example"],
  roles: new Map([
    ["spiffe://td.test/*", ["agent", "reader"]],
    ["*alice", ["reader", "writer"]],
    ["mtls:*", ["legacy"]],
  ]),
};

interface Options {
  readonly settings?: Partial<MtlsSettings>;
  readonly revoked?: string;
}

function identify(peer: Peer | null, options: Options = {}): Promise<Identity | null> {
  const list = decodeRevocations(options.revoked ?? "");
  const revocations: Revocations = { current: () => list };
  const method = createMtlsMethod({
    settings: { ...SETTINGS, ...options.settings },
    revocations,
    challenger: {
      missing: () => "",
      stepUp: () => null,
      refusal: (_, code: AuthCode) => ({ kind: "refused", code, challenge: null }),
    },
  });
  const source = { ip: null, spiffe: null, ...(peer && { peer }) };
  return method.identify({ ...headOf({ server: "files" }), source });
}

async function outcome(peer: Peer | null, options: Options = {}): Promise<string | null> {
  const identity = await identify(peer, options);
  if (identity === null) return null;
  return identity.kind === "known" ? identity.principal.id : identity.code;
}

describe("a caller's certificate", () => {
  test.each([
    { peer: null, is: null },
    { peer: { uri: ALICE }, is: ALICE },
    { peer: { uri: ALICE, dns: "x.agents.test", subject: "CN=x,O=Example" }, is: ALICE },
    { peer: { dns: "X.agents.TEST" }, is: "mtls:x.agents.test" },
    { peer: { dns: "x.test", subject: "CN=x,O=Example" }, is: "mtls:CN=x,O=Example" },
    { peer: { uri: "https://x.test/", dns: "x.agents.test" }, is: "mtls:x.agents.test" },
    { peer: { subject: "CN=x,O=Other" }, is: "certificate_name" },
    { peer: { subject: "CN=x\u0000,O=Example" }, is: "certificate_name" },
    { peer: { subject: `CN=${"x".repeat(600)},O=Example` }, is: "certificate_name" },
    { peer: { dns: "agents.test" }, is: "certificate_name" },
    { peer: {}, is: "certificate_name" },
    { peer: { uri: "spiffe://other.test/a" }, is: "certificate_trust_domain" },
    {
      peer: { uri: "spiffe://other.test/a", dns: "x.agents.test" },
      is: "certificate_trust_domain",
    },
    { peer: { uri: "spiffe://td.test.other/a" }, is: "certificate_trust_domain" },
    { peer: { uri: "SPIFFE://td.test/a", dns: "x.agents.test" }, is: "certificate_spiffe" },
    { peer: { uri: "spiffe://td.test" }, is: "certificate_spiffe" },
  ])("of $peer is $is", async ({ peer, is }) => {
    expect(await outcome(peer === null ? null : { ...NOBODY, ...peer })).toBe(is);
  });

  test("gives the roles of every glob that fits, each once", async () => {
    expect(await identify({ ...NOBODY, uri: ALICE, fingerprint: "ab" })).toEqual({
      kind: "known",
      principal: {
        id: ALICE,
        kind: "service",
        roles: ["agent", "reader", "writer"],
        scopes: [],
        claims: {},
        authenticated_by: "mtls",
      },
      credential: { session: "ab", expiresAtMs: null, isRevoked: expect.any(Function) },
    });
  });

  test.each([
    { revoked: `sub mtls ${ALICE}`, is: "certificate_revoked" },
    { revoked: "jti mtls ab", is: "certificate_revoked" },
    { revoked: "jti mtls cd", is: ALICE },
    { revoked: "nonsense", is: "revocations_unavailable" },
  ])("that was taken back by “$revoked” is $is", async ({ revoked, is }) => {
    expect(await outcome({ ...NOBODY, uri: ALICE, fingerprint: "ab" }, { revoked })).toBe(is);
  });

  test("is of nobody where no name is taken", async () => {
    const settings = { trustDomains: [], names: [], subjects: [] };
    for (const peer of [{ uri: ALICE }, { dns: "x.agents.test" }, { subject: "CN=x,O=Example" }]) {
      expect(await outcome({ ...NOBODY, ...peer }, { settings })).toMatch(/^certificate_/);
    }
  });
});

test.each([
  { text: "spiffe://td.test/a", trustDomain: "td.test" },
  { text: "spiffe://td/ns/a-b_c.d/sa/X1", trustDomain: "td" },
  { text: "spiffe://td.test/", trustDomain: null },
  { text: "spiffe://td.test//a", trustDomain: null },
  { text: "spiffe://td.test/a/", trustDomain: null },
  { text: "spiffe://td.test/a/../b", trustDomain: null },
  { text: "spiffe://td.test/./a", trustDomain: null },
  { text: "spiffe://td.test/..", trustDomain: null },
  { text: "spiffe://td.test/...", trustDomain: "td.test" },
  { text: "spiffe://TD.test/a", trustDomain: null },
  { text: "spiffe://td.test:80/a", trustDomain: null },
  { text: "spiffe://user@td.test/a", trustDomain: null },
  { text: "spiffe://td.test/a?b", trustDomain: null },
  { text: "spiffe://td.test/a#b", trustDomain: null },
  { text: "spiffe://td.test/%61", trustDomain: null },
  { text: "spiffe://td.test/a\n", trustDomain: null },
  { text: "spiffe:///a", trustDomain: null },
  { text: `spiffe://${"t".repeat(256)}/a`, trustDomain: null },
  { text: `spiffe://t/${"a".repeat(2048)}`, trustDomain: null },
  { text: `spiffe://t/${"/".repeat(100_000)}`, trustDomain: null },
])("the trust domain of %o", ({ text, trustDomain }) => {
  expect(decodeSpiffeId(text)?.trustDomain ?? null).toBe(trustDomain);
});

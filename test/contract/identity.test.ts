import { describe, expect, test } from "vitest";

import type { IdentityPort } from "../../src/core/identity.ts";
import { NO_TRUST } from "../../src/core/trust.ts";
import { createTrusted } from "../../src/envoy/trust.ts";
import { createAnonymousIdentity } from "../../src/identity/anonymous.ts";
import { createAuthentication } from "../../src/identity/authentication.ts";
import { systemClock } from "../../src/server/system.ts";
import { headOf } from "../golden/data-path.ts";
import { authenticationFrom, rememberAttempts } from "../support/authentication.ts";

/** Every way to show the proxy who one is, and none to show it to us. */
const VOUCHED = authenticationFrom(
  `
authentication:
  anonymous: allow
  mtls: { trust_domains: [mesh], names: ["*"], subjects: ["*"], roles: { "*": [caller] } }
  proxy_jwt: { payload: jwt, issuer: "https://login.test", roles: { claims: [roles] } }
`,
  "/nowhere",
);

/** As the gRPC server tells it of a head: with what is trusted before the proxy, which is nothing. */
function vouchedFor(): IdentityPort {
  const { identity } = createAuthentication({
    settings: VOUCHED,
    publicUrl: "http://localhost",
    servers: [],
    clock: systemClock,
    telemetry: rememberAttempts(),
    onKeysMissing: () => {},
    methods: [],
  });
  const trusted = createTrusted(NO_TRUST);
  return { identify: (head) => identity.identify(trusted(head)) };
}

/** What holds of every way to tell who is calling (src/core/identity.ts, `IdentityPort`). */
const subjects: readonly { readonly name: string; readonly identity: IdentityPort }[] = [
  { name: "anonymous", identity: createAnonymousIdentity() },
  { name: "that the proxy vouches for", identity: vouchedFor() },
];

/** All that a client can write into a request. */
const CLAIMS = {
  authorization: "Bearer admin",
  cookie: "session=admin",
  "x-forwarded-for": "10.0.0.1",
  "x-forwarded-client-cert": "URI=spiffe://mesh/admin",
  "x-user": "admin",
  "mcp-session-id": "admin",
};

describe("a caller whom the proxy knows", () => {
  const peer = { uri: "spiffe://mesh/a", dns: "a.test", subject: "CN=a", fingerprint: "aa" };
  const verified = { jwt: { iss: "https://login.test", sub: "dora", roles: ["reader"] } };
  const source = { ip: "10.0.0.1", spiffe: peer.uri, peer };
  test.each([
    { by: "a certificate", words: { source }, id: "spiffe://mesh/a", roles: ["caller"] },
    { by: "a token", words: { verified }, id: "proxy:dora", roles: ["reader"] },
    { by: "both", words: { source, verified }, id: "proxy:dora", roles: ["reader"] },
  ])("by $by stays who it is, whatever it writes", async ({ words, id, roles }) => {
    for (const headers of [{}, CLAIMS]) {
      const identity = await vouchedFor().identify({ ...headOf({ headers }), ...words });
      expect(identity).toMatchObject({ kind: "known", principal: { id, roles } });
    }
  });
});

describe.each(subjects)("the identity $name", ({ identity }) => {
  test("knows who calls a server, and says how it was told", async () => {
    expect(await identity.identify(headOf({ server: "files" }))).toEqual({
      kind: "known",
      principal: {
        id: expect.stringMatching(/./),
        kind: expect.stringMatching(/^(user|service|anonymous)$/),
        roles: expect.any(Array),
        scopes: expect.any(Array),
        claims: expect.any(Object),
        authenticated_by: expect.stringMatching(/^(jwt|mtls|api_key|proxy|none)$/),
      },
      credential: expect.any(Object),
    });
  });

  test("refuses a request that belongs to no server, with a code", async () => {
    expect(await identity.identify(headOf({ server: null }))).toEqual({
      kind: "refused",
      code: expect.stringMatching(/^[a-z_]+$/),
      challenge: null,
    });
  });

  test("tells the same of the same request again", async () => {
    const head = headOf({ headers: CLAIMS });
    expect(await identity.identify(head)).toEqual(await identity.identify(head));
  });

  test("gives no role on the word of a client", async () => {
    const claimed = await identity.identify(headOf({ headers: CLAIMS }));
    expect(claimed.kind === "known" ? claimed.principal.roles : []).toEqual([]);
  });

  test("keeps callers of different servers apart", async () => {
    const ids = await Promise.all(
      ["files", "crm", "files@crm"].map(async (server) => {
        const identified = await identity.identify(headOf({ server }));
        return identified.kind === "known" ? identified.principal.id : "";
      }),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

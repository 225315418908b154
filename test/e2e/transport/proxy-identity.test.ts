/** Who calls, in the words of a real Envoy; and what clients write in its stead. */

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Bootstrap } from "../../../src/cli/envoy/configuration.ts";
import type { MtlsSettings, ProxyTokenSettings } from "../../../src/core/authentication.ts";
import type { Identity, IdentityPort } from "../../../src/core/identity.ts";
import { createAuthority, type IssuedCertificate } from "../../support/authority.ts";
import { call, type Target } from "../../support/client.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import {
  startTestService,
  type TestService,
  type TestServiceOptions,
} from "../../support/service.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";

const authority = createAuthority();
const server = authority.issue({ names: ["DNS:localhost"] });
const agent = authority.issue({
  names: ["URI:spiffe://td.test/ns/agents/sa/alice", "DNS:alice.test"],
  subject: "/O=Example/CN=alice",
});
const host = authority.issue({ names: ["DNS:bob.agents.test"], subject: "/CN=bob" });
const plain = authority.issue({ subject: "/O=Example/CN=carol" });
const foreign = authority.issue({
  names: ["URI:spiffe://elsewhere.test/ns/agents/sa/alice", "DNS:bob.agents.test"],
});
const unknown = authority.issue({ names: ["DNS:mallory.test"], subject: "/CN=mallory" });

const MTLS: MtlsSettings = {
  trustDomains: ["td.test"],
  names: ["*.agents.test"],
  subjects: ["CN=*,O=Example"],
  roles: new Map([
    ["spiffe://td.test/ns/agents/*", ["agent"]],
    ["*/sa/alice", ["writer"]],
    ["mtls:CN=carol,*", ["guest"]],
  ]),
};
const AUTHENTICATION = { mtls: MTLS, anonymous: false };

/** All that a client can write to seem somebody else. */
const CLAIMS = {
  "x-forwarded-for": "9.9.9.9, 8.8.8.8",
  "x-real-ip": "9.9.9.9",
  "x-envoy-external-address": "9.9.9.9",
  forwarded: "for=9.9.9.9",
  "x-forwarded-client-cert":
    'Hash=00;Subject="CN=admin";URI=spiffe://td.test/ns/agents/sa/admin;DNS=admin.agents.test',
  "x-jwt-payload": btoa('{"sub":"admin"}'),
  "x-spiffe-id": "spiffe://td.test/ns/agents/sa/admin",
};

let upstream: Upstream;
let gateway: Gateway | null = null;
let service: TestService | null = null;
let identified: Identity[] = [];

beforeAll(async () => {
  upstream = await startUpstream((exchange) => exchange.json(toolResult(1, "done")));
});

afterEach(async () => {
  await gateway?.stop();
  await service?.stop();
  gateway = null;
  service = null;
});

afterAll(async () => {
  await upstream.stop();
  authority[Symbol.dispose]();
});

type GatewayChanges = Pick<GatewayOptions, "downstreamTls" | "override" | "template">;

async function world(options: TestServiceOptions, changes: GatewayChanges): Promise<TestService> {
  identified = [];
  const watch = (real: IdentityPort): IdentityPort => ({
    async identify(head) {
      const identity = await real.identify(head);
      identified.push(identity);
      return identity;
    },
  });
  service = await startTestService({
    ...options,
    dependencies: (real) => ({ ...real, identity: watch(real.identity) }),
  });
  const upstreams = [{ id: "files", url: upstream.url }];
  gateway = await startGateway({ upstreams, service, ...changes });
  return service;
}

function mutualTls(options: TestServiceOptions = {}, changes: GatewayChanges = {}) {
  const downstreamTls = { ...server, clientCaFile: authority.file };
  return world({ authentication: AUTHENTICATION, ...options }, { downstreamTls, ...changes });
}

function ask(headers: { readonly [name: string]: string } = {}, shown?: IssuedCertificate) {
  const { host: address, port } = gateway as Gateway;
  const tls = shown && { ca: authority.pem, cert: shown.cert, key: shown.key };
  const target: Target = { host: address, port, ...tls };
  const mcp = { accept: "application/json, text/event-stream", "content-type": "application/json" };
  const body = JSON.stringify(toolCall(1));
  return call(target, { path: "/mcp", method: "POST", headers: { ...mcp, ...headers }, body });
}

function caller() {
  const [identity] = identified;
  return identity?.kind === "known" ? identity : null;
}

describe("a certificate that is shown to Envoy", () => {
  const callers = [
    {
      title: "a SPIFFE id",
      shown: agent,
      id: "spiffe://td.test/ns/agents/sa/alice",
      roles: ["agent", "writer"],
    },
    { title: "a DNS name", shown: host, id: "mtls:bob.agents.test", roles: [] },
    { title: "a subject", shown: plain, id: "mtls:CN=carol,O=Example", roles: ["guest"] },
  ] as const;

  test.each([
    { door: "bootstrap.yaml", filter: "ext_proc" },
    { door: "ext-authz.yaml", filter: "ext_authz" },
  ] as const)("says who calls, by $filter, whatever the client writes", async ({ door }) => {
    const running = await mutualTls({}, { template: door });
    for (const { shown, id, roles } of callers) {
      for (const headers of [{}, CLAIMS]) {
        running.clear();
        identified = [];
        const reply = await ask(headers, shown);
        expect(reply.status).toBe(200);
        expect(reply.text).toContain("done");
        expect(caller()).toMatchObject({
          principal: { id, kind: "service", roles, authenticated_by: "mtls" },
          credential: { session: shown.fingerprint, expiresAtMs: null },
        });
        const { input } = await running.decision();
        expect(input).toMatchObject({
          source: { ip: "127.0.0.1" },
          provenance: { "principal.id": "MTLS", "source.ip": "PROXY" },
        });
      }
    }
    for (const { headers } of upstream.requests) {
      expect(Object.keys(headers)).not.toContain("x-forwarded-client-cert");
      expect(JSON.stringify(headers)).not.toMatch(/spiffe:\/\/td\.test.*sa\/alice/);
    }
    expect(running.faults).toEqual([]);
  });

  test.each([
    { title: "of another trust domain, with a name that would do", shown: foreign },
    { title: "that names nobody who may come in", shown: unknown },
  ])("is refused: one $title", async ({ shown }) => {
    const running = await mutualTls();
    const before = upstream.requests.length;
    expect((await ask(CLAIMS, shown)).status).toBe(401);
    expect(upstream.requests.length).toBe(before);
    expect(running.decisions.map(({ result }) => result.allow)).toEqual([false]);
  });

  test("is needed: whoever shows none does not even get through to Envoy", async () => {
    await mutualTls();
    const { host: address, port } = gateway as Gateway;
    const target = { host: address, port, ca: authority.pem };
    await expect(call(target, { path: "/mcp", body: toolCall(1) })).rejects.toThrow();
    expect(identified).toEqual([]);
  });
});

test("without a certificate, nothing that a client writes makes it somebody", async () => {
  await world({ authentication: AUTHENTICATION }, {});
  expect((await ask(CLAIMS)).status).toBe(401);
  expect(identified).toEqual([
    { kind: "refused", code: "credential_missing", challenge: expect.any(String) },
  ]);
});

describe("x-forwarded-client-cert", () => {
  const HASH = "ab".repeat(32);
  const HEADER = {
    "x-forwarded-client-cert": `Hash=${HASH};URI=spiffe://td.test/ns/agents/sa/alice`,
  };
  const forwards = (configuration: Bootstrap): void => {
    managerOf(configuration).forward_client_cert_details = "ALWAYS_FORWARD_ONLY";
  };
  const trust = (from: string) => ({
    forwardedForHops: 0,
    clientCertificate: { hop: 1, from: [from] },
  });

  test("of one who is trusted says who calls, and goes to no server", async () => {
    const running = await world(
      { authentication: AUTHENTICATION, trust: trust("127.0.0.1") },
      { override: forwards },
    );
    expect((await ask(HEADER)).status).toBe(200);
    expect(caller()?.principal.id).toBe("spiffe://td.test/ns/agents/sa/alice");
    expect(caller()?.credential.session).toBe(HASH);
    expect(upstream.requests.at(-1)?.headers["x-forwarded-client-cert"]).toBeUndefined();
    const { input } = await running.decision();
    expect(input).toMatchObject({ provenance: { "principal.id": "MTLS" } });
  });

  test.each([
    { title: "one who is not trusted", options: { trust: trust("10.0.0.1") } },
    { title: "anybody, where no one is trusted", options: {} },
  ])("of $title is not read, and goes to no server", async ({ options }) => {
    const open = { authentication: { mtls: MTLS, anonymous: true } };
    await world({ ...open, ...options }, { override: forwards });
    expect((await ask(HEADER)).status).toBe(200);
    expect(caller()?.principal.id).toBe("anonymous@files");
    expect(upstream.requests.at(-1)?.headers["x-forwarded-client-cert"]).toBeUndefined();
  });
});

describe("x-forwarded-for", () => {
  test.each([
    { hops: 0, ip: "127.0.0.1" },
    { hops: 1, ip: "8.8.8.8" },
    { hops: 2, ip: "9.9.9.9" },
    { hops: 3, ip: "127.0.0.1" },
  ])("with $hops trusted hops makes the caller's address $ip", async ({ hops, ip }) => {
    const trust = { forwardedForHops: hops, clientCertificate: null };
    const running = await world({ trust }, {});
    expect((await ask(CLAIMS)).status).toBe(200);
    expect((await running.decision()).input).toMatchObject({ source: { ip } });
  });
});

describe("a token that Envoy's jwt_authn found good", () => {
  const ISSUER = "https://login.test";
  const SETTINGS: ProxyTokenSettings = {
    payload: "verified",
    issuer: ISSUER,
    audiences: null,
    clockSkewMs: 0,
    principal: { claim: "sub", kind: "user" },
    roles: { claims: ["realm.roles"], prefix: "", map: new Map() },
    scopes: { claims: ["scope"], prefix: "", map: new Map() },
    claims: ["team"],
  };
  const authentication = { proxyToken: SETTINGS, anonymous: false };

  async function keys() {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" };
    const sign = (claims: object, issuer = ISSUER) =>
      new SignJWT({ sub: "dora", ...claims })
        .setProtectedHeader({ alg: "ES256", kid: "k" })
        .setIssuer(issuer)
        .setExpirationTime("5m")
        .sign(privateKey);
    return { jwks: JSON.stringify({ keys: [jwk] }), sign };
  }

  function checking(jwks: string, key = "verified") {
    return (configuration: Bootstrap): void => {
      const provider = (issuer: string) => ({
        issuer,
        local_jwks: { inline_string: jwks },
        payload_in_metadata: key,
      });
      managerOf(configuration).http_filters.unshift({
        name: "envoy.filters.http.jwt_authn",
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
          providers: { login: provider(ISSUER), other: provider("https://other.test") },
          rules: [
            {
              match: { prefix: "/" },
              requires: {
                requires_any: {
                  requirements: [
                    { provider_name: "login" },
                    { provider_name: "other" },
                    { allow_missing: {} },
                  ],
                },
              },
            },
          ],
        },
      });
    };
  }

  test.each(["bootstrap.yaml", "ext-authz.yaml"] as const)(
    "says who calls, with %s",
    async (template) => {
      const { jwks, sign } = await keys();
      const running = await world({ authentication }, { template, override: checking(jwks) });
      const token = await sign({
        realm: { roles: ["editor"] },
        scope: "read write",
        team: "core",
        jti: "t-1",
      });
      const reply = await ask({ ...CLAIMS, authorization: `Bearer ${token}` });
      expect(reply.status).toBe(200);
      expect(caller()).toMatchObject({
        principal: {
          id: "proxy:dora",
          kind: "user",
          roles: ["editor"],
          scopes: ["read", "write"],
          claims: { team: "core" },
          authenticated_by: "proxy",
        },
        credential: { session: "t-1", expiresAtMs: expect.any(Number) },
      });
      const { input } = await running.decision();
      expect(input).toMatchObject({ provenance: { "principal.id": "PROXY" } });
      expect(upstream.requests.at(-1)?.headers.authorization).toBeUndefined();
    },
  );

  test("of an issuer that only Envoy believes is refused", async () => {
    const { jwks, sign } = await keys();
    await world({ authentication }, { override: checking(jwks) });
    const token = await sign({}, "https://other.test");
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(401);
    expect(identified).toMatchObject([{ kind: "refused", code: "token_issuer" }]);
  });

  test.each([
    { title: "is not there", token: null },
    { title: "is somebody else's", token: "other" },
  ])("counts for nothing where it $title", async ({ token }) => {
    const { jwks } = await keys();
    const { sign } = await keys();
    await world({ authentication }, { override: checking(jwks) });
    const headers = token === null ? CLAIMS : { authorization: `Bearer ${await sign({})}` };
    expect((await ask(headers)).status).toBe(401);
    expect(caller()).toBeNull();
  });

  test("counts for nothing where it is not configured", async () => {
    const { jwks, sign } = await keys();
    await world({}, { override: checking(jwks) });
    expect((await ask({ authorization: `Bearer ${await sign({})}` })).status).toBe(200);
    expect(caller()?.principal.id).toBe("anonymous@files");
  });
});

interface Manager {
  forward_client_cert_details?: string;
  http_filters: object[];
}

function managerOf(configuration: Bootstrap): Manager {
  return configuration.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
}

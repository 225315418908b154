import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as Client2,
  StreamableHTTPClientTransport as Transport2,
} from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { loadConfig } from "../../../src/config/load-config.ts";
import { rememberAttempts } from "../../support/authentication.ts";
import { freePort, type Gateway, startGateway } from "../../support/gateway.ts";
import {
  type IdentityProvider,
  PUBLIC_CLIENT,
  startIdentityProvider,
} from "../../support/identity-provider.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { createTestKey } from "../../support/tokens.ts";
import { toolServer } from "./tool-server.ts";

const REDIRECT = "http://127.0.0.1:1/callback";
const UPSTREAM_TOKEN = ["upstream", "credential", "1"].join("-");
const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules:
  - { tool: echo, scopes: ["files:read"] }
  - { tool: write, scopes: ["files:read", "files:write"] }
`;

const first = createTestKey("RS256", "first");
const second = createTestKey("RS256", "second");
const telemetry = rememberAttempts();
let folder = "";
let provider: IdentityProvider;
let upstream: Awaited<ReturnType<typeof toolServer>>;
let service: TestService;
let gateway: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "impedance-oidc-"));
  writeFileSync(join(folder, "revoked.txt"), "");
  writeFileSync(join(folder, "upstream.token"), `${UPSTREAM_TOKEN}\n`);
  upstream = await toolServer();
  const port = await freePort();
  gateway = await startGateway({
    upstreams: [
      { id: "files", url: upstream.url, path: "/files/mcp" },
      { id: "crm", url: upstream.url, path: "/crm/mcp" },
    ],
    service: { port },
  });
  provider = await startIdentityProvider({
    keys: [first],
    resources: (resource) => resource.startsWith(gateway.url("/")),
    redirectUri: REDIRECT,
  });
  const config = loadConfig(
    `
servers:
  files:
    url: ${upstream.url}
    path: /files/mcp
    upstream_credentials: { value: "file:upstream.token" }
  crm: { url: "${upstream.url}", path: /crm/mcp }
authentication:
  public_url: ${gateway.url("")}
  scopes: ["files:read"]
  revocation_file: revoked.txt
  tokens:
    issuers:
      corp: { issuer: "${provider.issuer}", jwks_max_age_s: 60, jwks_cooldown_s: 1, claims: [client_id] }
`,
    join(folder, "impedance.yaml"),
    {},
  );
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { authentication, servers } = config.value;
  service = await startTestService({
    port,
    policy: POLICY,
    config: { authentication, servers },
    authTelemetry: telemetry,
  });
});

beforeEach(() => {
  telemetry.attempts.length = 0;
  service.clear();
});

afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
  await provider?.[Symbol.asyncDispose]();
  await upstream?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const resource = (server = "files") => gateway.url(`/${server}/mcp`);
const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const call = (name: string) => ({
  jsonrpc: "2.0",
  id: 2,
  method: "tools/call",
  params: { name, arguments: {} },
});

function post(message: object, headers: { readonly [name: string]: string } = {}, server?: string) {
  return fetch(resource(server), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(message),
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("a caller without a token", () => {
  test.each(["POST", "GET", "DELETE"])("is told by %s where to get one", async (method) => {
    const answer = await fetch(resource(), {
      method,
      headers: {
        accept: "text/event-stream, application/json",
        "content-type": "application/json",
      },
      ...(method === "POST" ? { body: JSON.stringify(LIST) } : {}),
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer resource_metadata="${gateway.url("/.well-known/oauth-protected-resource/files/mcp")}", scope="files:read"`,
    );
    expect(await answer.json()).toMatchObject({ error: { data: { code: "unauthenticated" } } });
    expect(telemetry.attempts).toMatchObject([{ outcome: "credential_missing", method: "none" }]);
  });

  test("finds the metadata of the resource there, from any page", async () => {
    const place = gateway.url("/.well-known/oauth-protected-resource/files/mcp");
    const answer = await fetch(place, { headers: { origin: "https://inspector.example.com" } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(await answer.json()).toEqual({
      resource: resource(),
      authorization_servers: [provider.issuer],
      scopes_supported: ["files:read"],
      bearer_methods_supported: ["header"],
    });
    const preflight = await fetch(place, { method: "OPTIONS", headers: { origin: "https://a.b" } });
    expect(preflight.status).toBe(204);
    expect(telemetry.attempts).toEqual([]);
  });
});

describe("a service with a token of its own", () => {
  test("calls, and the server sees the gateway's credential in place of its own", async () => {
    const token = await provider.serviceToken(resource(), "files:read");
    const answer = await post(call("echo"), { ...bearer(token), cookie: "a=b" });
    expect(answer.status).toBe(200);
    const { authorization, cookie } = upstream.lastHeaders();
    expect(authorization).toBe(`Bearer ${UPSTREAM_TOKEN}`);
    expect(cookie).toBeUndefined();
    expect(await service.decision()).toMatchObject({
      input: { principal: { kind: "user", authenticated_by: "jwt" } },
    });
    expect(JSON.stringify([service.decisions, telemetry.attempts])).not.toContain(token.slice(-40));
  });

  test("shows a server that has no credential of its own nothing at all", async () => {
    const token = await provider.serviceToken(resource("crm"), "files:read");
    expect((await post(call("echo"), bearer(token), "crm")).status).toBe(200);
    expect(upstream.lastHeaders().authorization).toBeUndefined();
  });

  test("is refused at the server that the token is not for", async () => {
    const token = await provider.serviceToken(resource("crm"), "files:read");
    const answer = await post(LIST, bearer(token));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(telemetry.attempts).toMatchObject([{ outcome: "token_audience" }]);
  });

  test("sees the tool that takes another scope, and is told which when it calls it", async () => {
    const token = await provider.serviceToken(resource(), "files:read");
    const listed = await (await post(LIST, bearer(token))).text();
    expect(listed).toContain('"write"');
    const answer = await post(call("write"), bearer(token));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer resource_metadata="${gateway.url("/.well-known/oauth-protected-resource/files/mcp")}", error="insufficient_scope", scope="files:read files:write"`,
    );
    expect(await answer.json()).toMatchObject({ error: { data: { code: "insufficient_scope" } } });
    const more = await provider.serviceToken(resource(), "files:read files:write");
    expect((await post(call("write"), bearer(more))).status).toBe(200);
  });
});

describe("a person with an SDK client", () => {
  test("of 1.x finds the way in by itself", async () => {
    const wallet = createWallet();
    const transport = new Transport1(new URL(resource()), { authProvider: wallet });
    const client = new Client1({ name: "test", version: "1" });
    type Transport = Parameters<Client1["connect"]>[0];
    await expect(client.connect(transport as Transport)).rejects.toThrow(/Unauthorized/i);
    const back = await provider.agree(wallet.sentTo());
    await transport.finishAuth(back.searchParams.get("code") ?? "");
    const again = new Transport1(new URL(resource()), { authProvider: wallet });
    await client.connect(again as Transport);
    expect(await client.callTool({ name: "echo", arguments: {} })).toMatchObject({
      content: [{ type: "text" }],
    });
    await client.close();
    expect(telemetry.attempts.map(({ outcome }) => outcome)).toContain("accepted");
  });

  test("of 2.x finds the way in by itself", async () => {
    const wallet = createWallet();
    const transport = new Transport2(new URL(resource()), { authProvider: wallet });
    const client = new Client2({ name: "test", version: "1" });
    await expect(client.connect(transport)).rejects.toThrow(/Unauthorized/i);
    const back = await provider.agree(wallet.sentTo());
    await transport.finishAuth(back.searchParams);
    const again = new Transport2(new URL(resource()), { authProvider: wallet });
    await client.connect(again);
    expect(await client.callTool({ name: "echo", arguments: {} })).toMatchObject({
      content: [{ type: "text" }],
    });
    await client.close();
  });
});

describe("when the issuer changes its keys", () => {
  test("a token with the new one is taken at once, and the old one once it is revoked is not", async () => {
    const before = await provider.serviceToken(resource(), "files:read");
    expect((await post(LIST, bearer(before))).status).toBe(200);
    const fetches = provider.keyFetches();
    provider.rotate([second, first]);
    const after = await provider.serviceToken(resource(), "files:read");
    expect((await post(LIST, bearer(after))).status).toBe(200);
    expect(provider.keyFetches()).toBe(fetches + 1);
    // Still published, so still good: until somebody says otherwise.
    expect((await post(LIST, bearer(before))).status).toBe(200);

    writeFileSync(join(folder, "revoked.txt"), "kid corp first\n");
    await expect.poll(async () => (await post(LIST, bearer(before))).status).toBe(401);
    expect(telemetry.attempts.at(-1)).toMatchObject({ outcome: "token_revoked" });
    expect((await post(LIST, bearer(after))).status).toBe(200);
  });
});

/** What an SDK client remembers of its way in. */
function createWallet() {
  let tokens: { access_token: string; token_type: string } | undefined;
  let verifier = "";
  let address: URL | null = null;
  return {
    redirectUrl: REDIRECT,
    clientMetadata: { redirect_uris: [REDIRECT], token_endpoint_auth_method: "none" },
    clientInformation: () => ({ client_id: PUBLIC_CLIENT }),
    tokens: () => tokens,
    saveTokens(given: { access_token: string; token_type: string }) {
      tokens = given;
    },
    redirectToAuthorization(to: URL) {
      address = to;
    },
    saveCodeVerifier(given: string) {
      verifier = given;
    },
    codeVerifier: () => verifier,
    sentTo(): URL {
      if (address === null) throw new Error("nobody was sent to log in");
      return address;
    },
  };
}

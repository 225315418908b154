import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { loadConfig } from "../../../src/config/load-config.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "impedance-config-"));
  writeFileSync(join(folder, "token"), "upstream");
  writeFileSync(join(folder, "lines"), "two\nlines");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (yaml: string) => loadConfig(yaml, join(folder, "impedance.yaml"), { TOKEN: "abc" });
const HASH = `sha256:${"0".repeat(64)}`;
const key = (more: string) => `{ id: a, hash: "${HASH}"${more} }`;
const issuer = (more: string, name = "corp") =>
  `authentication: { tokens: { issuers: { ${name}: { issuer: "https://a.example.com"${more} } } } }`;
const server = (more: string) => `servers: { files: { url: "http://127.0.0.1:1/mcp", ${more} } }`;

test("authentication arrives with its defaults, and its paths taken from the file's folder", () => {
  const config = load(`
authentication:
  public_url: https://Gateway.example.com
  revocation_file: revoked.txt
  tokens:
    issuers:
      corp: { issuer: "https://login.example.com", roles: { claims: [groups], map: { a: [b] } } }
      cluster:
        issuer: https://kubernetes.default.svc
        jwks_uri: https://kubernetes.default.svc/keys
        ca_file: ca.crt
        jwks_token_file: token
        types: [At+JWT]
        replay: once
        token_max_age_s: 60
        advertise: "off"
  api_keys:
    header: X-Api-Key
    keys: [${key(', expires: "2027-01-01T00:00:00Z"')}]
${server('forward_credentials: [cookie], upstream_credentials: { value: "file:token" }')}
`);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { authentication, servers, ownPaths } = config.value;
  const usual = {
    keysMaxAgeMs: 300_000,
    keysCooldownMs: 10_000,
    audiences: null,
    algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
    clockSkewMs: 30_000,
    principal: { claim: "sub", kind: "user" },
    roles: { claims: [], prefix: "", map: new Map() },
    scopes: { claims: ["scope", "scp"], prefix: "", map: new Map() },
    claims: [],
  };
  expect(authentication).toEqual({
    publicUrl: "https://gateway.example.com",
    resource: null,
    anonymous: false,
    scopes: [],
    mtls: null,
    proxyToken: null,
    revocationFile: join(folder, "revoked.txt"),
    tokens: {
      maxBytes: 16_384,
      issuers: [
        {
          ...usual,
          name: "corp",
          issuer: "https://login.example.com",
          keys: { kind: "discovery", timeoutMs: 3_000, caFile: null, tokenFile: null },
          roles: { claims: ["groups"], prefix: "", map: new Map([["a", ["b"]]]) },
          types: null,
          tokenMaxAgeMs: null,
          replay: "off",
          isAdvertised: true,
        },
        {
          ...usual,
          name: "cluster",
          issuer: "https://kubernetes.default.svc",
          keys: {
            kind: "uri",
            uri: "https://kubernetes.default.svc/keys",
            timeoutMs: 3_000,
            caFile: join(folder, "ca.crt"),
            tokenFile: join(folder, "token"),
          },
          types: ["at+jwt"],
          tokenMaxAgeMs: 60_000,
          replay: "once",
          isAdvertised: false,
        },
      ],
    },
    apiKeys: {
      header: "x-api-key",
      keys: [
        {
          id: "a",
          hash: "0".repeat(64),
          kind: "service",
          roles: [],
          scopes: [],
          expiresAtMs: Date.parse("2027-01-01T00:00:00Z"),
        },
      ],
    },
  });
  expect(servers.get("files")).toMatchObject({
    forwardCredentials: ["cookie"],
    upstreamCredentials: {
      header: "authorization",
      scheme: "Bearer",
      value: { kind: "file", path: join(folder, "token") },
    },
  });
  for (const name of ["revoked.txt", "ca.crt", "token"]) {
    expect(ownPaths).toContain(join(folder, name));
  }
});

describe("authentication", () => {
  test.each([
    {
      title: "an issuer at this machine",
      yaml: issuer("").replace("https://a.example.com", "http://127.0.0.1:1"),
    },
    {
      title: "an open door beside a way to show who one is",
      yaml: issuer("").replace("{ tokens", "{ anonymous: allow, tokens"),
    },
    { title: "keys in a file", yaml: issuer(", jwks_file: a.json") },
    {
      title: "a credential from the environment",
      yaml: server("upstream_credentials: { value: env:TOKEN }"),
    },
  ])("may have $title", ({ yaml }) => {
    const config = load(yaml);
    expect(config.ok ? [] : config.error).toEqual([]);
  });

  test.each([
    {
      title: "an issuer that others could speak for",
      yaml: issuer("").replace("https:", "http:"),
      path: "authentication.tokens.issuers.corp.issuer",
      problem: "can be changed on the way",
    },
    {
      title: "keys that others could change on the way",
      yaml: issuer(', jwks_uri: "http://a.example.com/keys"'),
      path: "authentication.tokens.issuers.corp.jwks_uri",
      problem: "can be changed on the way",
    },
    {
      title: "keys in two places",
      yaml: issuer(', jwks_file: a, jwks_uri: "https://a.example.com/keys"'),
      path: "authentication.tokens.issuers.corp.jwks_uri",
      problem: "has no effect beside jwks_file",
    },
    {
      title: "an algorithm with a key that both know",
      yaml: issuer(", algorithms: [HS256]"),
      path: "authentication.tokens.issuers.corp.algorithms.0",
      problem: "",
    },
    {
      title: "no algorithm at all",
      yaml: issuer(", algorithms: [none]"),
      path: "authentication.tokens.issuers.corp.algorithms.0",
      problem: "",
    },
    {
      title: "a name for an issuer that stands for something else",
      yaml: issuer("", "key"),
      path: "authentication.tokens.issuers.key",
      problem: "is taken",
    },
    {
      title: "one issuer under two names",
      yaml: issuer('}, two: { issuer: "https://a.example.com"'),
      path: "authentication.tokens.issuers.two.issuer",
      problem: "is an issuer that has another name already",
    },
    {
      title: "nobody to let in",
      yaml: "authentication: { anonymous: deny }",
      path: "authentication.anonymous",
      problem: "would let nobody in",
    },
    {
      title: "a header for keys that is used for something else",
      yaml: `authentication: { api_keys: { header: Mcp-Name, keys: [] } }`,
      path: "authentication.api_keys.header",
      problem: "is used for something else",
    },
    {
      title: "an API key as it is",
      yaml: `authentication: { api_keys: { keys: [{ id: a, hash: imp_abc }] } }`,
      path: "authentication.api_keys.keys.0.hash",
      problem: "",
    },
    {
      title: "two keys with one name",
      yaml: `authentication: { api_keys: { keys: [${key("")}, ${key("").replace("0", "1")}] } }`,
      path: "authentication.api_keys.keys.1.id",
      problem: "is the id of another key",
    },
    {
      title: "a key that ends on no day",
      yaml: `authentication: { api_keys: { keys: [${key(', expires: "2027-13-01T00:00:00Z"')}] } }`,
      path: "authentication.api_keys.keys.0.expires",
      problem: "is no time",
    },
    {
      title: "a literal credential for a server",
      yaml: server("upstream_credentials: { value: abc }"),
      path: "servers.files.upstream_credentials.value",
      problem: "",
    },
    {
      title: "a credential for a server that is not there",
      yaml: server("upstream_credentials: { value: file:nowhere }"),
      path: "servers.files.upstream_credentials.value",
      problem: "refers to a file that cannot be read (ENOENT)",
    },
    {
      title: "a credential for a server that would end a header",
      yaml: server("upstream_credentials: { value: file:lines }"),
      path: "servers.files.upstream_credentials.value",
      problem: "leads to what no header can hold",
    },
    {
      title: "a credential in a header that frames the request",
      yaml: server("upstream_credentials: { value: file:token, header: Host }"),
      path: "servers.files.upstream_credentials.header",
      problem: "is used for something else",
    },
    {
      title: "two credentials for one header",
      yaml: server(
        "forward_credentials: [authorization], upstream_credentials: { value: file:token }",
      ),
      path: "servers.files.upstream_credentials.header",
      problem: "is forwarded from the caller too",
    },
  ])("may not have $title", ({ yaml, path, problem }) => {
    const config = load(yaml);
    const errors = config.ok ? [] : config.error;
    expect(errors.map((one) => one.path)).toEqual([path]);
    expect(errors[0]?.problem).toContain(problem);
  });
});

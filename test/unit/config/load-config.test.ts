import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatConfigError } from "../../../src/config/config-error.ts";
import { defaultConfig, loadConfig } from "../../../src/config/load-config.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { SESSION_DEFAULTS } from "../../../src/core/session.ts";

const FILE = "/etc/impedance/impedance.yaml";

const ALIASES = {
  mode: "roots",
  key: null,
  store: "memory",
  keepExtension: false,
  publicPaths: ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/dev", "/app"],
  contents: new Map(),
};

const DESCRIPTIONS = {
  actions: {
    hidden: "remove",
    escapes: "remove",
    comments: "remove",
    instructions: "remove",
    links: "remove",
    names: "deny",
    length: "report",
  },
  otherText: "report",
  maxLength: 4096,
};

/** The errors as a person reads them, without the file's folder. */
function complaints(text: string, environment: Record<string, string> = {}): string[] {
  const config = loadConfig(text, FILE, environment);
  return config.ok
    ? []
    : config.error.map(
        (error) =>
          formatConfigError(error).split("/").slice(3).join("/") || formatConfigError(error),
      );
}

function load(text: string, environment: Record<string, string> = {}) {
  const config = loadConfig(text, FILE, environment);
  if (!config.ok) throw new Error(config.error.map(formatConfigError).join("\n"));
  return config.value;
}

const AUDIT_DEFAULTS = {
  headFile: null,
  fallbackFiles: [],
  signingKey: null,
  analystKey: null,
  sync: false,
  checkpointEvents: 1000,
  checkpointMs: 60_000,
  rotation: {
    fileMaxBytes: 134_217_728,
    fileMaxAgeMs: 86_400_000,
    keepFiles: null,
    keepMs: null,
  },
  healthIntervalMs: 30_000,
  ship: [],
};

const POSTURE = {
  intervalMs: 300_000,
  diskPaths: ["/"],
  checks: new Map([
    ["disk_encryption", "fact"],
    ["secure_boot", "fact"],
    ["kernel_lockdown", "fact"],
    ["mandatory_access_control", "fact"],
    ["read_only_root", "fact"],
    ["unprivileged", "fact"],
  ]),
  source: null,
};

const INTEGRITY = {
  lookIntervalMs: 10_000,
  fullIntervalMs: 300_000,
  readMaxBytesPerSecond: 33_554_432,
  fileMaxBytes: 1_073_741_824,
  bundle: null,
  files: new Map(),
};

const NO_AUTHENTICATION = {
  publicUrl: null,
  resource: null,
  anonymous: true,
  scopes: [],
  tokens: null,
  apiKeys: null,
  mtls: null,
  proxyToken: null,
  revocationFile: null,
};

test("an empty file and no file mean the defaults", () => {
  const expected = {
    listen: { host: "127.0.0.1", port: 8070 },
    grpc: { kind: "tcp", host: "127.0.0.1", port: 9191 },
    grpcTls: null,
    admin: { host: "127.0.0.1", port: 9192 },
    adminTls: null,
    adminAccess: { token: null, metrics: "token", allowedHosts: [] },
    trust: { forwardedForHops: 0, clientCertificate: null },
    approvals: { token: null },
    servers: new Map(),
    authentication: NO_AUTHENTICATION,
    policy: {
      file: null,
      bundle: null,
      bundleToken: null,
      verification: null,
      pollIntervalMs: 2_000,
    },
    inventory: { file: null, mode: "observe" },
    guards: ["limits", "secrets", "pii", "descriptions", "marks", "attacks"],
    pii: {
      enabled: false,
      request: true,
      response: true,
      kinds: ["email", "phone", "card", "iban", "national_id"],
      denyKeys: [],
      servers: new Map(),
    },
    descriptions: DESCRIPTIONS,
    marks: { writingTools: expect.arrayContaining(["write*", "edit*"]) },
    resolver: null,
    attacks: {
      enabled: true,
      onDetect: "report",
      fields: ["*"],
      results: "report",
      servers: new Map(),
    },
    guardExemptions: [],
    allow: [],
    plugins: [],
    aliases: ALIASES,
    ownPaths: [FILE],
    allowedHosts: null,
    allowedOrigins: [
      "http://localhost",
      "https://localhost",
      "http://127.0.0.1",
      "https://127.0.0.1",
      "http://[::1]",
      "https://[::1]",
    ],
    discovery: { filter: true, hideNames: true },
    sessions: SESSION_DEFAULTS,
    flow: "auto",
    schema: { arguments: "report", results: "report" },
    denial: "jsonrpc",
    disclose: "full",
    annotate: false,
    padding: { scheme: { kind: "padme" }, jitterMaxMs: 0 },
    limits: DEFAULT_LIMITS,
    audit: {
      sink: "stdout",
      file: null,
      queueMaxEvents: 8192,
      subjectKey: null,
      ...AUDIT_DEFAULTS,
    },
    otlp: null,
    log: { level: "info" },
    rateLimits: [],
    authenticationFailures: { max: 60, seconds: 60 },
    redis: null,
    posture: POSTURE,
    integrity: INTEGRITY,
    drainDeadlineMs: 10_000,
    workers: { count: null, hangDeadlineMs: 2_000 },
  };
  expect(load("")).toEqual(expected);
  expect(load("# nothing yet\n")).toEqual(expected);
  const value = { ...expected, ownPaths: [resolve("impedance.yaml")] };
  expect(defaultConfig({})).toEqual({ ok: true, value });
});

test("every setting of a full file arrives, with its paths taken from the file's folder", () => {
  const config = load(`
listen: "[::1]:8443"
grpc: unix:run/filter.sock
admin: localhost:0
grpc_tls:
  certificate_file: tls/own.pem
  key_file: /run/own-key.pem
  client_ca_file: tls/ca.pem
  allowed_identities: ["spiffe://mesh/envoy"]
admin_tls: { certificate_file: admin.pem, key_file: admin-key.pem, poll_interval_ms: 500 }
admin_access: { metrics: open, allowed_hosts: ["*.svc"] }
trust:
  forwarded_for_hops: 2
  client_certificate_header: on
  client_certificate_hop: 3
  client_certificate_from: ["10.0.0.*"]
servers:
  files:
    url: https://files.internal/base/mcp
    protocol: http2
    ca_file: ca.pem
    roots: { projects: /srv//projects/, tmp: /tmp }
    denial: tool
    padding: { scheme: constant, block_bytes: 512 }
    response_head_deadline_ms: 5
    tools: { "read_*": { result_max_bytes: 9, timeout_ms: 8 }, "*": { arguments_max_bytes: 7 } }
    inventory_mode: observe
  httproute/shop/rule-0:
    url: http://127.0.0.1:3000/mcp
    path: /shop
policy: { file: policy.yaml, bundle: /opt/bundle.tar.gz }
inventory: { file: tools.yaml, mode: enforce }
guards: [secrets]
pii:
  enabled: true
  response: false
  kinds: [email]
  deny_keys: [pin]
  servers: { files: { response: true, kinds: [card] } }
descriptions: { links: report, names: off, other_text: remove, max_length: 64 }
marks: { writing_tools: ["store_*"] }
attacks: { fields: [sql], resolver: system, resolver_servers: ["10.0.0.53:53"], servers: { crm: { on_detect: deny, tools: { "q_*": { fields: [q] } } } } }
guard_exemptions:
  - { guard: pii, tool: "search_*", direction: response }
  - { guard: secrets, server: files }
allow: [{ rule: "secrets/*", server: files, tool: "read_*", pointer: /result/* }]
plugins: [{ module: guards/a.ts, options: { deep: [1] } }, { module: /opt/b.js }]
allowed_hosts: [mcp.example.com, "*.internal:8443"]
allowed_origins: ["https://app.example.com", "null"]
discovery: { filter: off, hide_names: off }
sessions: { unknown: refuse, max_age_s: 60, idle_s: 30, per_principal_max: 2, sessions_max: 4 }
flow: off
denial: http
disclose: code
annotate: on
padding: { scheme: step, steps: [64, 32], jitter_ms_max: 9 }
schema: { arguments: enforce, results: off }
limits: { json_max_depth: 8, response_head_deadline_ms: 7 }
audit:
  { sink: file, file: log/decisions.jsonl, queue_max_events: 10, sync: on, keep_files: 9,
    head_file: state/log.head, fallback_files: [log/second.jsonl, /var/emergency.jsonl], keep_days: 30,
    file_max_bytes: 65536, file_max_age_s: 3600 }
log: { level: debug }
drain_deadline_ms: 20
workers: { count: 4, hang_deadline_ms: 500 }
`);
  const shared = {
    enabled: true,
    request: true,
    response: false,
    kinds: ["email"],
    denyKeys: ["pin"],
  };
  expect(config).toEqual({
    listen: { host: "::1", port: 8443 },
    grpc: { kind: "unix", path: "/etc/impedance/run/filter.sock" },
    grpcTls: {
      certificateFile: "/etc/impedance/tls/own.pem",
      keyFile: "/run/own-key.pem",
      clientCaFile: "/etc/impedance/tls/ca.pem",
      allowedIdentities: ["spiffe://mesh/envoy"],
      pollIntervalMs: 10_000,
    },
    admin: { host: "localhost", port: 0 },
    adminTls: {
      certificateFile: "/etc/impedance/admin.pem",
      keyFile: "/etc/impedance/admin-key.pem",
      pollIntervalMs: 500,
    },
    adminAccess: { token: null, metrics: "open", allowedHosts: ["*.svc"] },
    trust: { forwardedForHops: 2, clientCertificate: { hop: 3, from: ["10.0.0.*"] } },
    approvals: { token: null },
    servers: new Map([
      [
        "files",
        {
          id: "files",
          url: "https://files.internal/base/mcp",
          path: "/files/mcp",
          protocol: "http2",
          caFile: "/etc/impedance/ca.pem",
          roots: new Map([
            ["projects", "/srv/projects"],
            ["tmp", "/tmp"],
          ]),
          denial: "tool",
          padding: { scheme: { kind: "constant", blockBytes: 512 }, jitterMaxMs: 9 },
          responseHeadDeadlineMs: 5,
          tools: new Map([
            ["read_*", { argumentsMaxBytes: null, resultMaxBytes: 9, timeoutMs: 8 }],
            ["*", { argumentsMaxBytes: 7, resultMaxBytes: null, timeoutMs: null }],
          ]),
          inventoryMode: "observe",
          forwardCredentials: null,
          upstreamCredentials: null,
        },
      ],
      [
        "httproute/shop/rule-0",
        {
          id: "httproute/shop/rule-0",
          url: "http://127.0.0.1:3000/mcp",
          path: "/shop",
          protocol: "http1",
          caFile: null,
          roots: new Map(),
          denial: "http",
          padding: { scheme: { kind: "step", sizes: [32, 64] }, jitterMaxMs: 9 },
          responseHeadDeadlineMs: 7,
          tools: new Map(),
          inventoryMode: "enforce",
          forwardCredentials: null,
          upstreamCredentials: null,
        },
      ],
    ]),
    authentication: NO_AUTHENTICATION,
    policy: {
      file: "/etc/impedance/policy.yaml",
      bundle: "/opt/bundle.tar.gz",
      bundleToken: null,
      verification: null,
      pollIntervalMs: 2000,
    },
    inventory: { file: "/etc/impedance/tools.yaml", mode: "enforce" },
    guards: ["secrets"],
    pii: {
      ...shared,
      servers: new Map([["files", { ...shared, response: true, kinds: ["card"] }]]),
    },
    descriptions: {
      actions: { ...DESCRIPTIONS.actions, links: "report", names: "off" },
      otherText: "remove",
      maxLength: 64,
    },
    marks: { writingTools: ["store_*"] },
    resolver: { servers: ["10.0.0.53:53"], deadlineMs: 200 },
    attacks: {
      enabled: true,
      onDetect: "report",
      fields: ["sql"],
      results: "report",
      servers: new Map([
        [
          "crm",
          {
            enabled: true,
            onDetect: "deny",
            fields: ["sql"],
            tools: [{ tool: "q_*", enabled: true, onDetect: "deny", fields: ["q"] }],
          },
        ],
      ]),
    },
    guardExemptions: [
      { guard: "pii", server: null, tool: "search_*", direction: "response" },
      { guard: "secrets", server: "files", tool: null, direction: null },
    ],
    allow: [{ rule: "secrets/*", server: "files", tool: "read_*", pointer: "/result/*" }],
    plugins: [
      { module: "/etc/impedance/guards/a.ts", options: { deep: [1] } },
      { module: "/opt/b.js", options: null },
    ],
    aliases: ALIASES,
    ownPaths: [
      FILE,
      "/etc/impedance/policy.yaml",
      "/opt/bundle.tar.gz",
      "/etc/impedance/tools.yaml",
      "/etc/impedance/log/decisions.jsonl",
      "/etc/impedance/state/log.head",
      "/etc/impedance/log/second.jsonl",
      "/var/emergency.jsonl",
      "/etc/impedance/tls/own.pem",
      "/run/own-key.pem",
      "/etc/impedance/admin.pem",
      "/etc/impedance/admin-key.pem",
      "/etc/impedance/tls/ca.pem",
      "/etc/impedance/guards/a.ts",
      "/opt/b.js",
    ],
    allowedHosts: ["mcp.example.com", "*.internal:8443"],
    allowedOrigins: ["https://app.example.com", "null"],
    discovery: { filter: false, hideNames: false },
    sessions: {
      unknown: "refuse",
      maxAgeMs: 60_000,
      idleMs: 30_000,
      perPrincipalMax: 2,
      sessionsMax: 4,
    },
    flow: "off",
    denial: "http",
    disclose: "code",
    annotate: true,
    padding: { scheme: { kind: "step", sizes: [32, 64] }, jitterMaxMs: 9 },
    schema: { arguments: "enforce", results: "off" },
    limits: { ...DEFAULT_LIMITS, jsonMaxDepth: 8, responseHeadDeadlineMs: 7 },
    audit: {
      sink: "file",
      file: "/etc/impedance/log/decisions.jsonl",
      queueMaxEvents: 10,
      subjectKey: null,
      ...AUDIT_DEFAULTS,
      headFile: "/etc/impedance/state/log.head",
      fallbackFiles: ["/etc/impedance/log/second.jsonl", "/var/emergency.jsonl"],
      sync: true,
      rotation: {
        fileMaxBytes: 65_536,
        fileMaxAgeMs: 3_600_000,
        keepFiles: 9,
        keepMs: 30 * 86_400_000,
      },
    },
    otlp: null,
    log: { level: "debug" },
    rateLimits: [],
    authenticationFailures: { max: 60, seconds: 60 },
    redis: null,
    posture: POSTURE,
    integrity: INTEGRITY,
    drainDeadlineMs: 20,
    workers: { count: 4, hangDeadlineMs: 500 },
  });
});

test("all that is wrong is told at once, in the order of the file", () => {
  const text = `listen: 8070
limits:
  json_max_dept: 4
  json_max_depth: 0
servers:
  a: { url: "http://user:hunter2@host/mcp", path: /x }
  b: { url: "http://host/mcp", path: /x }
  c: { path: /c }
`;
  expect(complaints(text)).toEqual([
    "impedance.yaml:1:9: listen is not text; write it as in 127.0.0.1:8070 " +
      "(Where `impedance up` lets Envoy listen, as HOST:PORT)",
    "impedance.yaml:3:3: limits.json_max_dept is not a known setting; did you mean json_max_depth?",
    "impedance.yaml:4:19: limits.json_max_depth is below its bound; use a number >= 1",
    "impedance.yaml:6:13: servers.a.url holds credentials; let the client send them in a header",
    "impedance.yaml:7:38: servers.b.path listens on the path of a; give each server its own path",
    "impedance.yaml:8:3: servers.c lacks url; add url: …",
  ]);
});

describe("one setting", () => {
  const SERVER = "servers: { s: { url: http://h/mcp } }";
  const settings = [
    { title: "a port that does not exist", bad: "listen: h:65536", good: "listen: h:65535" },
    {
      title: "a name server without an address of its own",
      bad: 'attacks: { resolver_servers: ["10.0.0.999:53"] }',
      good: 'attacks: { resolver_servers: ["10.0.0.9:53", "[2001:db8::1]:53"] }',
    },
    {
      title: "an inventory that is enforced and not there",
      bad: "inventory: { mode: enforce }",
      good: "inventory: { mode: enforce, file: t.yaml }",
    },
    {
      title: "a server's inventory that is not there",
      bad: "servers: { s: { url: http://h/mcp, inventory_mode: enforce } }",
      good: "servers: { s: { url: http://h/mcp, inventory_mode: observe } }",
    },
    {
      title: "a header that is read from nobody",
      bad: "trust: { client_certificate_header: on }",
      good: "trust: { client_certificate_header: on, client_certificate_from: [a] }",
    },
    {
      title: "certificates of nobody",
      bad: "authentication: { mtls: {} }",
      good: "authentication: { mtls: { trust_domains: [mesh] } }",
    },
    {
      title: "a trust domain that is none",
      bad: "authentication: { mtls: { trust_domains: [Mesh/x] } }",
      good: "authentication: { mtls: { trust_domains: [mesh.x] } }",
    },
    {
      title: "a checked token of any issuer",
      bad: "authentication: { proxy_jwt: { payload: jwt } }",
      good: 'authentication: { proxy_jwt: { payload: jwt, issuer: "https://a" } }',
    },
    {
      title: "TLS for Envoy that asks for nobody's name",
      bad: "grpc_tls: { certificate_file: a, key_file: b, client_ca_file: c, allowed_identities: [] }",
      good: "grpc_tls: { certificate_file: a, key_file: b, client_ca_file: c, allowed_identities: [d] }",
    },
    { title: "a host without port", bad: "admin: localhost", good: "admin: localhost:1" },
    {
      title: "a socket path beyond the system's",
      bad: `grpc: unix:/${"s".repeat(107)}`,
      good: `grpc: unix:/${"s".repeat(106)}`,
    },
    { title: "an unknown denial", bad: "denial: html", good: "denial: http" },
    { title: "a boolean where a word belongs", bad: "annotate: true", good: "annotate: on" },
    { title: "a number as text", bad: 'drain_deadline_ms: "5"', good: "drain_deadline_ms: 5" },
    { title: "a fraction", bad: "drain_deadline_ms: 0.5", good: "drain_deadline_ms: 1" },
    {
      title: "a limit beyond its maximum",
      bad: "limits: { json_max_depth: 513 }",
      good: "limits: { json_max_depth: 512 }",
    },
    { title: "a key without value", bad: "limits:", good: "limits: {}" },
    { title: "an unknown guard", bad: "guards: [secret]", good: "guards: [secrets]" },
    { title: "a guard named twice", bad: "guards: [limits, limits]", good: "guards: []" },
    { title: "a URL with a query", bad: SERVER.replace("/mcp", "/mcp?key=1"), good: SERVER },
    {
      title: "a URL with an empty fragment",
      bad: SERVER.replace("http://h/mcp", '"http://h/mcp#"'),
      good: SERVER,
    },
    {
      title: "a URL of another scheme",
      bad: SERVER.replace("http:", "ftp:"),
      good: SERVER.replace("http:", "https:"),
    },
    {
      title: "a URL without host",
      bad: SERVER.replace("http://h/mcp", '"http://:80"'),
      good: SERVER,
    },
    {
      title: "a relative root",
      bad: SERVER.replace("/mcp", "/mcp, roots: { a: srv }"),
      good: SERVER.replace("/mcp", "/mcp, roots: { a: /srv }"),
    },
    {
      title: "a root with ..",
      bad: SERVER.replace("/mcp", "/mcp, roots: { a: /srv/../x }"),
      good: SERVER.replace("/mcp", "/mcp, roots: { a: /srv/..x }"),
    },
    {
      title: "one root under two names",
      bad: SERVER.replace("/mcp", "/mcp, roots: { a: /x/, b: /x }"),
      good: SERVER.replace("/mcp", "/mcp, roots: { a: /x/y, b: /x }"),
    },
    {
      title: "certificates for an http server",
      bad: SERVER.replace("/mcp", "/mcp, ca_file: ca.pem"),
      good: SERVER.replace("http://h/mcp", "https://h/mcp, ca_file: ca.pem"),
    },
    {
      title: "a listening path that climbs",
      bad: SERVER.replace("/mcp", "/mcp, path: /a/../b"),
      good: SERVER.replace("/mcp", "/mcp, path: /a/..b"),
    },
    {
      title: "an id that climbs",
      bad: SERVER.replace(" s:", " a/../b:"),
      good: SERVER.replace(" s:", " a/b:"),
    },
    {
      title: "an id that is no name",
      bad: SERVER.replace(" s:", " __proto__:"),
      good: SERVER.replace(" s:", " proto__:"),
    },
    {
      title: "a file sink without file",
      bad: "audit: { sink: file }",
      good: "audit: { sink: file, file: x }",
    },
    {
      title: "a wait for a disk that is not written to",
      bad: "audit: { sync: on }",
      good: "audit: { sink: file, file: x, sync: on }",
    },
    {
      title: "a fallback for what is no file",
      bad: "audit: { sink: stderr, fallback_files: [x] }",
      good: "audit: { sink: file, file: y, fallback_files: [x] }",
    },
    {
      title: "a head of what is no file",
      bad: "audit: { head_file: x }",
      good: "audit: { sink: file, file: y, head_file: x }",
    },
    {
      title: "a file that is not written to",
      bad: "audit: { file: x }",
      good: "audit: { sink: stderr }",
    },
    {
      title: "a kind of personal data nobody knows",
      bad: "pii: { kinds: [emails] }",
      good: "pii: { kinds: [email] }",
    },
    {
      title: "personal data on no server",
      bad: `${SERVER}\npii: { servers: { t: { enabled: true } } }`,
      good: `${SERVER}\npii: { servers: { s: { enabled: true } } }`,
    },
    { title: "text for a switch", bad: "pii: { enabled: maybe }", good: "pii: { enabled: true }" },
    {
      title: "a name to be edited",
      bad: "descriptions: { names: remove }",
      good: "descriptions: { names: deny }",
    },
    {
      title: "an exemption of no guard",
      bad: "guard_exemptions: [{ tool: a }]",
      good: "guard_exemptions: [{ guard: pii, tool: a }]",
    },
    {
      title: "an allowed rule without its guard",
      bad: "allow: [{ rule: github-token }]",
      good: "allow: [{ rule: secrets/github-token }]",
    },
    { title: "a false alarm that says nothing", bad: "allow: [{}]", good: "allow: []" },
    {
      title: "an allowed pointer that points nowhere",
      bad: "allow: [{ pointer: params }]",
      good: "allow: [{ pointer: /params }]",
    },
    { title: "a plugin without module", bad: "plugins: [{}]", good: "plugins: [{ module: a.ts }]" },
    { title: "a key that stands twice", bad: "denial: http\ndenial: http", good: "denial: http" },
    { title: "a list for a document", bad: "- denial", good: "{}" },
    { title: "a second document", bad: "--- {}\n--- {}", good: "--- {}" },
    { title: "an unknown tag", bad: "denial: !secret http", good: "denial: !!str http" },
    { title: "text that is no YAML", bad: "denial: [", good: "guards: [limits]" },
    {
      title: "an anchor inside itself",
      bad: "servers: &a { s: *a }",
      good: "limits: &a {}\nlog: *a",
    },
  ];

  test.each(settings)("$title is refused", ({ bad }) => {
    expect(complaints(bad)).toHaveLength(1);
  });

  test.each(settings)("the near miss of $title is accepted", ({ good }) => {
    expect(complaints(good)).toEqual([]);
  });
});

test("aliases that blow up are refused in no time", () => {
  const levels = Array.from({ length: 20 }, (_, level) => {
    const inner = level === 0 ? "x" : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array(10).fill(inner).join(", ")}]`;
  });
  expect(complaints(levels.join("\n"))).toEqual([
    "impedance.yaml:1:1: the document is too deep, or uses an anchor too often or inside itself; " +
      "write the repeated parts out, or nest less",
  ]);
});

test("a file over 1 MiB is refused unread, and one of 1 MiB is read", () => {
  const padding = "#".repeat(1024 * 1024);
  expect(complaints(`${padding}#`)).toHaveLength(1);
  expect(complaints(padding)).toEqual([]);
});

describe("IMPEDANCE_ variables", () => {
  test("override the file at the path they name", () => {
    const config = load(
      "limits: { json_max_depth: 3 }\nservers: { my-files: { url: http://a/ } }",
      {
        IMPEDANCE_LISTEN: "0.0.0.0:80",
        IMPEDANCE_POLICY_FILE: "p.yaml",
        IMPEDANCE_GUARDS: "secrets, limits",
        IMPEDANCE_LIMITS_JSON_MAX_DEPTH: "4",
        IMPEDANCE_PII_ENABLED: "true",
        IMPEDANCE_PII_DENY_KEYS: "pin,cvv",
        IMPEDANCE_SERVERS_MY_FILES_URL: "http://b/",
      },
    );
    expect(config.listen).toEqual({ host: "0.0.0.0", port: 80 });
    expect(config.policy.file).toBe("/etc/impedance/p.yaml");
    expect(config.guards).toEqual(["secrets", "limits"]);
    expect(config.limits.jsonMaxDepth).toBe(4);
    expect(config.pii).toMatchObject({ enabled: true, denyKeys: ["pin", "cvv"] });
    expect(config.servers.get("my-files")?.url).toBe("http://b/");
  });

  test("work without a file", () => {
    const config = defaultConfig({ IMPEDANCE_AUDIT_SINK: "stderr", IMPEDANCE_POLICY_FILE: "p" });
    expect(config).toMatchObject({
      value: { audit: { sink: "stderr" }, policy: { file: resolve("p") } },
    });
  });

  test.each([
    { name: "IMPEDANCE_LIMITS_JSON_MAX_DEPTH", text: "many", problem: "is not a whole number" },
    { name: "IMPEDANCE_PII_ENABLED", text: "yes", problem: "is not true or false" },
    { name: "IMPEDANCE_GUARDS", text: "limits,secret", problem: "none of the known values" },
    { name: "IMPEDANCE_LISTEN", text: "", problem: "is set but empty" },
    { name: "IMPEDANCE_LISTN", text: "a:1", problem: "did you mean IMPEDANCE_LISTEN?" },
    { name: "IMPEDANCE_LIMITS_JSON_DEPTH", text: "4", problem: "overrides no known setting" },
    { name: "IMPEDANCE_SERVERS_NEW_URL", text: "http://a", problem: "overrides no known setting" },
  ])("$name=$text is refused by the variable's name", ({ name, text, problem }) => {
    const config = loadConfig("", FILE, { [name]: text });
    const lines = config.ok ? [] : config.error.map(formatConfigError);
    expect(lines).toEqual([expect.stringContaining(problem)]);
    expect(lines[0]).toMatch(new RegExp(`^${name}: `));
  });

  test.each([
    "IMPEDANCE_ENVOY",
    "IMPEDANCE_SERVICE_HOST",
    "IMPEDANCE_ADMIN_SERVICE_PORT_HTTP",
    "IMPEDANCE_PORT_9191_TCP_ADDR",
    "IMPEDANCE_POLICY_PORT",
    "IMPEDANCELIMITS",
  ])("%s is somebody else's and left alone", (name) => {
    expect(complaints("", { [name]: "x" })).toEqual([]);
  });

  test("that fit two servers are refused", () => {
    const text = "servers: { a-b: { url: http://a/ }, a_b: { url: http://b/ } }";
    expect(loadConfig(text, FILE, {}).ok).toBe(true);
    expect(loadConfig(text, FILE, { IMPEDANCE_SERVERS_A_B_URL: "http://c/" }).ok).toBe(false);
  });
});

test("the schema has the limits of core/limits.ts, by the same names and with the same defaults", () => {
  const { properties } = configSchema().properties?.limits ?? {};
  const defaults = Object.entries(properties ?? {}).map(([name, limit]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    limit.default,
  ]);
  expect(Object.fromEntries(defaults)).toEqual(DEFAULT_LIMITS);
});

describe("no text makes loadConfig throw", () => {
  const check = (text: string): void => {
    expect(loadConfig(text, FILE, {})).toHaveProperty("ok");
  };

  test("arbitrary text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), check), { numRuns: 500 });
  });

  test("text made of YAML's own pieces and our keys", () => {
    const pieces = fc.constantFrom(
      ...["servers", "limits", "audit", "subject_key", "url", "roots", "__proto__", "constructor"],
      ...[": ", "\n", "\n  ", "- ", "{", "}", "[", "]", ", ", '"', "'", "&a ", "*a", "!x ", "? "],
      ...[
        "| ",
        "%YAML 9\n",
        "---\n",
        "...",
        "#",
        "\t",
        "null",
        "1e999",
        "http://",
        "env:",
        "file:",
      ],
    );
    const text = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(fc.property(text, check), { numRuns: 2000 });
  });

  test("a valid document with any JSON in the place of a setting", () => {
    const keys = fc.constantFrom(...Object.keys(configSchema().properties ?? {}));
    fc.assert(
      fc.property(keys, fc.jsonValue(), (key, value) => check(JSON.stringify({ [key]: value }))),
      { numRuns: 500 },
    );
  });

  test.each([
    { title: "lists", text: "[".repeat(20_000) },
    {
      title: "maps",
      text: Array.from({ length: 1000 }, (_, n) => `${" ".repeat(n)}a:`).join("\n"),
    },
    { title: "closed lists", text: `a: ${"[".repeat(900)}${"]".repeat(900)}` },
  ])("deeply nested $title", ({ text }) => check(text));
});

test("aliases have a key by reference, and our own files are known", () => {
  const text = `
aliases: { mode: "on", key: env:IMPEDANCE_PATHS_KEY, store: sealed, contents: { "*": report } }
policy: { file: policy.yaml }
audit: { sink: file, file: log/decisions.jsonl, subject_key: env:OTHER }
`;
  const environment = { IMPEDANCE_PATHS_KEY: "k".repeat(32), OTHER: "o".repeat(32) };
  const loaded = loadConfig(text, "/etc/impedance/impedance.yaml", environment);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { aliases, ownPaths } = loaded.value;
  expect(aliases).toMatchObject({ mode: "on", store: "sealed", keepExtension: false });
  expect(aliases.contents).toEqual(new Map([["*", "report"]]));
  expect(aliases.key?.reveal()).toEqual(new TextEncoder().encode("k".repeat(32)));
  expect(ownPaths).toEqual([
    "/etc/impedance/impedance.yaml",
    "/etc/impedance/policy.yaml",
    "/etc/impedance/log/decisions.jsonl",
  ]);
});

describe("a value that is allowed", () => {
  const value = `hmac-sha256:${"0".repeat(64)}`;

  test("needs the key that its hash was made with", () => {
    const text = `allow:\n  - { server: a }\n  - { value: "${value}" }\n`;
    expect(complaints(text)).toEqual([
      "impedance.yaml:3:14: allow.1.value cannot be compared without a key; " +
        "set audit.subject_key to the key that the hash was made with",
    ]);
    const environment = { IMPEDANCE_AUDIT_SUBJECT_KEY: "env:OTHER", OTHER: "o".repeat(32) };
    expect(load(text, environment).allow).toEqual([{ server: "a" }, { value }]);
  });

  test("stands there as a hash: the value itself is refused, and not told", () => {
    const [complaint] = complaints("allow: [{ value: hunter2 }]");
    expect(complaint).toContain("allow.0.value is not of the form needed here");
    expect(complaint).not.toContain("hunter2");
  });

  test("stands beside what is known, and nothing else", () => {
    expect(complaints("allow: [{ path: /a }, {}]")).toEqual([
      expect.stringContaining("allow.0.path is not a known setting"),
      "impedance.yaml:1:23: allow.1 says nothing; add one of: rule, server, tool, pointer, value",
    ]);
  });
});

test("what the proxy vouches for is asked for as the file says, and anonymous callers are not", () => {
  const { authentication } = load(`
authentication:
  mtls: { trust_domains: [mesh], names: [a], subjects: [b], roles: { "spiffe://mesh/*": [agent] } }
  proxy_jwt:
    { payload: jwt, issuer: "https://a", audiences: [us], kind: service, claims: [team], clock_skew_s: 1 }
`);
  expect(authentication).toMatchObject({
    anonymous: false,
    mtls: {
      trustDomains: ["mesh"],
      names: ["a"],
      subjects: ["b"],
      roles: new Map([["spiffe://mesh/*", ["agent"]]]),
    },
    proxyToken: {
      payload: "jwt",
      issuer: "https://a",
      audiences: ["us"],
      clockSkewMs: 1_000,
      principal: { claim: "sub", kind: "service" },
      claims: ["team"],
    },
  });
});

import { describe, expect, test } from "vitest";
import { formatConfigError } from "../../../src/config/config-error.ts";
import { loadConfig } from "../../../src/config/load-config.ts";

const ENVIRONMENT = { REDIS: "r".repeat(20) };

function load(text: string) {
  return loadConfig(text, "/etc/impedance/impedance.yaml", ENVIRONMENT);
}

function loaded(text: string) {
  const config = load(text);
  if (!config.ok) throw new Error(config.error.map(formatConfigError).join("\n"));
  return config.value;
}

function complaint(text: string): string {
  const config = load(text);
  return config.ok ? "" : config.error.map(formatConfigError).join("\n");
}

test("nothing is counted unless told, but credentials that are refused", () => {
  const { rateLimits, redis, authenticationFailures } = loaded("");
  expect({ rateLimits, redis }).toEqual({ rateLimits: [], redis: null });
  expect(authenticationFailures).toEqual({ max: 60, seconds: 60 });
});

test("a limit has defaults", () => {
  const nothing = { servers: null, tools: null, methods: null };
  const { rateLimits } = loaded(`rate_limits:
  - { name: a, per_minute: 90 }
  - { name: b, points: 10, seconds: 2.5, burst: 3, key: [session, tool], on_exceed: report }
  - { name: c, concurrency: 4, key: [global], methods: [tools/call] }
  - { name: d, per_minute: 1000000, cost: bytes, servers: [files], tools: ["read_*"] }
`);
  const usual = { ...nothing, key: ["principal"], cost: "calls", onExceed: "deny" };
  expect(rateLimits).toEqual([
    { ...usual, name: "a", rate: { points: 90, seconds: 60, burst: 90 }, concurrency: null },
    {
      ...usual,
      ...{ name: "b", key: ["session", "tool"], onExceed: "report", concurrency: null },
      rate: { points: 10, seconds: 2.5, burst: 3 },
    },
    { ...usual, name: "c", key: ["global"], methods: ["tools/call"], rate: null, concurrency: 4 },
    {
      ...usual,
      ...{ name: "d", cost: "bytes", servers: ["files"], tools: ["read_*"], concurrency: null },
      rate: { points: 1_000_000, seconds: 60, burst: 1_000_000 },
    },
  ]);
});

describe("what limits nothing, or says two things, is refused:", () => {
  test.each([
    ["{ name: a }", /limits nothing/],
    ["{ name: a, per_minute: 1, points: 1, seconds: 1 }", /is a rate beside another/],
    ["{ name: a, points: 1 }", /lacks one of points and seconds/],
    ["{ name: a, concurrency: 1, burst: 3 }", /has no effect without a rate/],
    ["{ name: a, concurrency: 1, cost: bytes }", /has no effect without a rate/],
    ["{ name: a, per_minute: 1, key: [global, tool] }", /together and apart/],
    ["{ name: a, per_minute: 1, key: [arguments], methods: [tools/call] }", /has no effect/],
    ["{ name: a, per_minute: 1 }, { name: a, per_minute: 2 }", /is the name of another limit/],
    ["{ name: A, per_minute: 1 }", /name/],
    ["{ name: a, per_minute: 0 }", /per_minute/],
    ["{ name: a, per_minute: 1, key: [] }", /key/],
  ])("%s", (entries, error) => {
    expect(complaint(`rate_limits: [${entries}]`)).toMatch(error);
  });
});

test.each([
  {
    url: "redis://127.0.0.1:6380/3",
    address: { kind: "tcp", host: "127.0.0.1", port: 6380, tls: false, database: 3 },
  },
  {
    url: "rediss://redis.internal",
    address: { kind: "tcp", host: "redis.internal", port: 6379, tls: true, database: 0 },
  },
  {
    url: "redis://[::1]:6379",
    address: { kind: "tcp", host: "::1", port: 6379, tls: false, database: 0 },
  },
  { url: "unix:/run/redis.sock", address: { kind: "unix", path: "/run/redis.sock" } },
])("Redis is reached at $url", ({ url, address }) => {
  expect(loaded(`state: { redis: { url: "${url}" } }`).redis).toEqual({
    address,
    ...{ username: null, password: null, caFile: null, keyPrefix: "impedance:" },
    ...{ commandDeadlineMs: 100, onFailure: onFailure("deny"), key: null },
    ...{ share: new Set(["limits"]), aliasTtlMs: 604_800_000 },
  });
});

function onFailure(word: "deny" | "local") {
  const some = { limits: word, sessions: word, aliases: word, approvals: word };
  return { ...some, tools: word, replays: word, failures: word };
}

test("each kind of state fails as it is told to, and the rest as all do", () => {
  const { redis } = loaded(
    'state: { redis: { url: "redis://r", on_failure: local, on_failure_of: { sessions: deny } } }',
  );
  expect(redis?.onFailure).toEqual({ ...onFailure("local"), sessions: "deny" });
});

test("aliases are shared where their store is Redis", () => {
  const { redis } = loaded(`aliases: { store: redis, key: "env:REDIS" }
state: { redis: { url: "redis://r", key: "env:REDIS", share: [sessions] } }
`);
  expect(redis?.share).toEqual(new Set(["sessions", "aliases"]));
  expect(redis?.key).not.toBeNull();
});

test.each([
  {
    title: "aliases in a Redis that is not there",
    text: 'aliases: { store: redis, key: "env:REDIS" }',
    says: "aliases.store needs a Redis",
  },
  {
    title: "aliases of each replica's own key",
    text: '{ aliases: { store: redis }, state: { redis: { url: "redis://r", key: "env:REDIS" } } }',
    says: "aliases.store needs a key that all replicas have",
  },
  {
    title: "sessions in the clear",
    text: 'state: { redis: { url: "redis://r", share: [sessions] } }',
    says: "state.redis lacks the key that what is kept is encrypted with",
  },
])("there are no $title", ({ text, says }) => {
  expect(complaint(text)).toContain(says);
});

test("a password comes by reference, and its file is none that tools may reach", () => {
  const { redis, ownPaths } = loaded(
    'state: { redis: { url: "rediss://r:1", password: "env:REDIS", ca_file: ca.pem } }',
  );
  expect(Buffer.from(redis?.password?.reveal() ?? []).toString()).toBe(ENVIRONMENT.REDIS);
  expect(redis?.caFile).toBe("/etc/impedance/ca.pem");
  expect(ownPaths).toContain("/etc/impedance/ca.pem");
});

test.each([
  ["url: redis://user:word@h:1", /is no address of a Redis server/],
  ["url: 'redis://h:1/x'", /is no address of a Redis server/],
  ["url: 'redis://h:1?a=b'", /is no address of a Redis server/],
  ["url: 'http://h:1'", /url/],
  ["url: 'redis://h:1', password: 'env:REDIS'", /would travel in the clear/],
  ["url: 'redis://127.0.0.1:1', ca_file: ca.pem", /has no effect without TLS/],
  ["url: 'rediss://h:1', username: u", /has no password/],
  ["url: 'rediss://h:1', password: 'literal-password'", /password/],
])("state.redis: { %s } is refused", (settings, error) => {
  expect(complaint(`state: { redis: { ${settings} } }`)).toMatch(error);
});

import { describe, expect, test } from "vitest";

import type { Config } from "../../../../src/config/config.ts";
import { loadConfig } from "../../../../src/config/load-config.ts";
import { howManyWorkers } from "../../../../src/server/workers/how-many.ts";
import { needsOneMemory, policyNeedsOneMemory } from "../../../../src/server/workers/one-memory.ts";

const KEYED = "aliases: { key: env:KEY, store: sealed }";
const REDIS = "state: { redis: { url: redis://127.0.0.1:6379/0 } }";
const SHARED = `${REDIS}\nflow: off`;
const KEY = "a-key-of-this-test-and-no-other";

function configOf(text: string): Config {
  const loaded = loadConfig(text, "/etc/impedance.yaml", { KEY });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

describe("several workers", () => {
  test("may share the work where nothing needs one memory", () => {
    expect(needsOneMemory(configOf(KEYED))).toEqual([]);
  });

  test.each([
    { title: "aliases without a key", text: "", says: "aliases.key" },
    {
      title: "aliases in memory",
      text: "aliases: { key: env:KEY, store: memory, mode: on }",
      says: "aliases.store",
    },
    {
      title: "approvals",
      text: `${KEYED}\napprovals: { token: env:KEY }`,
      says: "approvals.token",
    },
    {
      title: "sessions that must be known",
      text: `${KEYED}\nsessions: { unknown: refuse }`,
      says: "sessions.unknown",
    },
    { title: "flows", text: `${KEYED}\nflow: on`, says: "flow" },
    {
      title: "limits without Redis",
      text: `${KEYED}\nrate_limits: [{ name: a, per_minute: 10 }]`,
      says: "rate_limits",
    },
  ])("do not start with $title, and say so", ({ text, says }) => {
    expect(needsOneMemory(configOf(text))).toEqual([expect.stringContaining(says)]);
  });

  test("may count together in Redis", () => {
    const limits = "rate_limits: [{ name: a, per_minute: 10 }]";
    expect(needsOneMemory(configOf([KEYED, REDIS, limits].join("\n")))).toEqual([]);
  });

  test.each([
    { title: "deny_flows", asksForFlow: true, rateLimits: [], refused: true },
    { title: "nothing of the kind", asksForFlow: false, rateLimits: [], refused: false },
  ])("take a policy with $title: $refused", ({ asksForFlow, rateLimits, refused }) => {
    const objection = policyNeedsOneMemory(configOf(KEYED), { asksForFlow, rateLimits });
    expect(objection !== null).toBe(refused);
  });
});

describe("how many workers there are", () => {
  test("is what was asked for", () => {
    const config = configOf(`${KEYED}\nworkers: { count: 3 }`);
    expect(howManyWorkers(config, 8)).toEqual({ ok: true, value: { count: 3, because: [] } });
  });

  test("is refused where they need one memory", () => {
    expect(howManyWorkers(configOf("workers: { count: 3 }"), 8)).toMatchObject({ ok: false });
  });

  test("is one without a word where they need one memory, and it is said why", () => {
    const found = howManyWorkers(configOf(""), 8);
    expect(found).toMatchObject({ ok: true, value: { count: 1 } });
    expect(found.ok && found.value.because[0]).toContain("aliases.key");
  });

  test.each([
    { grpc: "127.0.0.1:9191", count: 8 },
    { grpc: "127.0.0.1:0", count: 1 },
    { grpc: "unix:/run/x.sock", count: 1 },
  ])("is $count for 8 cores without a word at $grpc", ({ grpc, count }) => {
    const found = howManyWorkers(configOf([KEYED, SHARED, `grpc: ${grpc}`].join("\n")), 8);
    expect(found).toMatchObject({ ok: true, value: { count } });
  });

  test.each([
    { title: "nothing is shared", text: "flow: off", says: "state.redis" },
    { title: "a policy may ask for flows", text: REDIS, says: "flow is auto" },
    {
      title: "exchanges are counted while they are open",
      text: `${SHARED}\nrate_limits: [{ name: a, concurrency: 4 }]`,
      says: "rate_limits",
    },
    {
      title: "callers show who they are",
      text: `${SHARED}\nauthentication: { mtls: { trust_domains: [a.test] } }`,
      says: "authentication_failures",
    },
  ])("is one without a word where $title, and as many as were asked for", ({ text, says }) => {
    const unasked = howManyWorkers(configOf(`${KEYED}\n${text}`), 8);
    expect(unasked).toMatchObject({ ok: true, value: { count: 1 } });
    expect(unasked.ok && unasked.value.because[0]).toContain(says);
    const asked = howManyWorkers(configOf(`${KEYED}\n${text}\nworkers: { count: 8 }`), 8);
    expect(asked).toEqual({ ok: true, value: { count: 8, because: [] } });
  });
});

import { describe, expect, test } from "vitest";

import type { AuthEvent } from "../../../src/core/auth-log.ts";
import type { Exchange, RequestHead } from "../../../src/core/exchange.ts";
import type { PolicyInput } from "../../../src/core/policy.ts";
import { type Entry, SESSION_DEFAULTS, type SessionBook } from "../../../src/core/session.ts";
import type { Dependencies } from "../../../src/pipeline/dependencies.ts";
import { createSessionBook } from "../../../src/state/sessions.ts";
import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  headOf,
  JSON_POST,
} from "../../golden/data-path.ts";
import { type Badge, type Badges, badge, createBadges } from "../../support/badges.ts";
import { progress, SECRET, toolCall, toolResult } from "../../support/messages.ts";

interface Setting {
  readonly path: DataPath;
  readonly badges: Badges;
  readonly events: AuthEvent[];
  readonly inputs: PolicyInput[];
  /** What the clock says. */
  now: number;
  accepts: boolean;
}

/** The data path with badges for credentials, and a clock and a log under the test's control. */
async function setting(
  change: (real: Dependencies) => Dependencies = (real) => real,
  policy?: string,
) {
  const badges = createBadges();
  const known: Pick<Setting, "now" | "accepts"> = { now: 1_000_000, accepts: true };
  const events: AuthEvent[] = [];
  const inputs: PolicyInput[] = [];
  const auth = {
    record: (event: AuthEvent) => {
      events.push(event);
      return known.accepts;
    },
  };
  const clock = { now: () => known.now, monotonic: () => known.now };
  const path = await createDataPath({
    ...(policy === undefined ? {} : { policy }),
    decide: (decision, input) => {
      inputs.push(input);
      return decision;
    },
    dependencies: (real) =>
      change({
        ...real,
        clock,
        auth,
        identity: badges,
        sessions: createSessionBook({ clock, log: auth, ...SESSION_DEFAULTS }),
      }),
  });
  return Object.assign(known, { path, badges, events, inputs }) satisfies Setting;
}

const ANA: Badge = { id: "ana" };

function head(shown: Badge, session?: string, parts: { method?: string; revision?: string } = {}) {
  const { method = "POST", revision = JSON_POST["mcp-protocol-version"] } = parts;
  const accept = { accept: "application/json, text/event-stream" };
  const type = method === "POST" ? { "content-type": "application/json" } : {};
  const id = session === undefined ? {} : { "mcp-session-id": session };
  const headers = { ...accept, ...type, ...badge(shown), "mcp-protocol-version": revision, ...id };
  return headOf({ method, headers });
}

const CALL = toolCall(1);

/** A request that comes through to the server. */
async function passed(path: DataPath, of: RequestHead, body: object | null = CALL) {
  const exchange = path.firewall.open(of);
  expect(await exchange.requestHead()).toMatchObject({ kind: "collect" });
  const verdict = await exchange.request(body === null ? new Uint8Array(0) : bytesOf(body));
  expect(verdict).toMatchObject({ kind: "forward" });
  return exchange;
}

async function codeOf(path: DataPath, of: RequestHead): Promise<string | null> {
  const exchange = path.firewall.open(of);
  const verdict = await exchange.requestHead();
  exchange.close();
  if (verdict.kind === "collect") return null;
  return codeIn(verdict.denial.body);
}

function codeIn(body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8");
  return JSON.parse(text.slice(text.indexOf("{"))).error.data.code;
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "a" } },
};
const INITIALIZED = {
  jsonrpc: "2.0",
  id: 1,
  result: { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s" } },
};
const GIVEN = { "content-type": "application/json", "mcp-session-id": "s-1" };

/** `initialize`, and its answer with the id of a session. */
async function initialize(path: DataPath, shown: Badge) {
  const exchange = await passed(path, head(shown), INITIALIZE);
  const answered = exchange.responseHead(answerHead(200, GIVEN));
  const verdict =
    answered.kind === "deny" ? answered : await exchange.response(bytesOf(INITIALIZED));
  exchange.close();
  return verdict.kind === "deny" ? codeIn(verdict.denial.body) : null;
}

async function answer(exchange: Exchange, status: number): Promise<void> {
  exchange.responseHead(answerHead(status, {}));
  await exchange.response(new Uint8Array(0));
  exchange.close();
}

/** A book that somebody else keeps. */
function later(real: Dependencies): Dependencies {
  const enter = async (entry: ReturnType<SessionBook["enter"]>): Promise<Entry> => {
    return (await entry) ?? { kind: "refused", code: "session_unknown" };
  };
  const { sessions } = real;
  return {
    ...real,
    sessions: {
      enter: (visitor) => enter(sessions.enter(visitor)),
      open: (visitor) => enter(sessions.open(visitor)),
    },
  };
}

describe("a session", () => {
  test("is bound to who got its id in answer to initialize", async () => {
    const { path, events } = await setting();
    expect(await initialize(path, ANA)).toBeNull();
    expect(events).toMatchObject([
      { kind: "session_opened", origin: "initialize", principal: "ana", session: "s-1" },
    ]);
    expect(await codeOf(path, head(ANA, "s-1"))).toBeNull();
    expect(await codeOf(path, head({ id: "bo" }, "s-1"))).toBe("session_unknown");
  });

  test("is not given out where its opening cannot be put on record", async () => {
    const known = await setting();
    known.accepts = false;
    expect(await initialize(known.path, ANA)).toBe("audit_unavailable");
  });

  test("is not given out twice", async () => {
    const { path } = await setting();
    await initialize(path, ANA);
    expect(await initialize(path, { id: "bo" })).toBe("session_conflict");
    expect(await codeOf(path, head(ANA, "s-1"))).toBeNull();
  });

  test.each([
    { title: "a DELETE that the server takes", method: "DELETE", status: 200, over: true },
    { title: "a DELETE that it does not", method: "DELETE", status: 405, over: false },
    { title: "a 404 of the server's", method: "POST", status: 404, over: true },
    { title: "a 404 to a method of 2026", method: "POST", status: 404, over: false, modern: true },
    { title: "another fault of the server's", method: "POST", status: 500, over: false },
  ])("after $title is over: $over", async ({ method, status, over, modern = false }) => {
    const { path } = await setting();
    await initialize(path, ANA);
    const revision = modern ? "2026-07-28" : "2025-11-25";
    const of = head(ANA, "s-1", { method, revision });
    const exchange = path.firewall.open(of);
    await exchange.requestHead();
    if (!modern) await exchange.request(method === "POST" ? bytesOf(CALL) : new Uint8Array(0));
    await answer(exchange, status);
    expect(await codeOf(path, head(ANA, "s-1"))).toBe(over ? "session_unknown" : null);
  });

  test("known under a sealed id is the same under the server's own", async () => {
    const { path } = await setting();
    await initialize(path, ANA);
    expect(await codeOf(path, head(ANA, "zta1.not-an-envelope"))).toBeNull();
    expect(await codeOf(path, head(ANA, "s-1"))).toBeNull();
  });

  test("that is told later than at once is waited for", async () => {
    const { path } = await setting(later);
    const first = { ...head(ANA), headers: new Map(head(ANA).headers) };
    first.headers.delete("mcp-protocol-version");
    const exchange = await passed(path, first, INITIALIZE);
    exchange.responseHead(answerHead(200, GIVEN));
    expect(await exchange.response(bytesOf(INITIALIZED))).toMatchObject({ kind: "forward" });
    expect(await codeOf(path, head(ANA, "s-1"))).toBeNull();
    // What the head could not tell yet, the message's answer does.
    const foreign = path.firewall.open(head({ id: "bo" }, "s-1"));
    expect(await foreign.requestHead()).toMatchObject({ kind: "collect" });
    const verdict = await foreign.request(bytesOf(INITIALIZE));
    foreign.close();
    expect(verdict.kind === "deny" && codeIn(verdict.denial.body)).toBe("session_unknown");
  });
});

describe("a session that hangs on a credential", () => {
  test.each([
    { title: "with the revision", revision: "2025-11-25", body: CALL, calls: 1 },
    { title: "without it", revision: null, body: CALL, calls: 1 },
    { title: "that asks for a session", revision: null, body: INITIALIZE, calls: null },
  ])("counts a message $title", async ({ revision, body, calls }) => {
    const { path, inputs } = await setting();
    const of = head({ id: "ana", jti: "t-1" });
    const headers = new Map(of.headers);
    if (revision === null) headers.delete("mcp-protocol-version");
    (await passed(path, { ...of, headers }, body)).close();
    (await passed(path, { ...of, headers }, body)).close();
    expect(inputs.at(-1)?.session.calls).toBe(calls);
  });
});

test.each([
  { title: "PUT", method: "PUT" },
  { title: "a GET for metadata", method: "GET", path: "/.well-known/../mcp" },
  { title: "OPTIONS", method: "OPTIONS" },
])("an id is its owner's whatever it is sent with: $title", async ({ method, ...parts }) => {
  const { path } = await setting();
  await initialize(path, ANA);
  const of = { ...head({ id: "bo" }, "s-1", { method }), ...parts };
  expect(await codeOf(path, of)).toBe("session_unknown");
});

describe("the policy is told of the session", () => {
  test("what was decided in it before", async () => {
    const known = await setting();
    const { path, inputs } = known;
    await initialize(path, ANA);
    known.now += 61_000;
    (await passed(path, head(ANA, "s-1"))).close();
    (await passed(path, head(ANA, "s-1"))).close();
    const invalid = path.firewall.open(head(ANA, "s-1"));
    await invalid.requestHead();
    expect(await invalid.request(bytesOf({}))).toMatchObject({ kind: "deny" });
    (await passed(path, head(ANA, "s-1"))).close();
    // Whether its tool is listed for the caller is asked without a session.
    const calls = inputs.filter(({ phase }) => phase === "request");
    const sessions = calls.slice(-3).map(({ session }) => session);
    expect(sessions).toEqual([
      { id: "s-1", age_s: 61, calls: 0, denied: 0, trust: 100, threat: "low" },
      { id: "s-1", age_s: 61, calls: 1, denied: 0, trust: 100, threat: "low" },
      { id: "s-1", age_s: 61, calls: 3, denied: 1, trust: 95, threat: "low" },
    ]);
  });

  test("not of what failed at the server, nor of what it sent", async () => {
    const { path, inputs } = await setting();
    await initialize(path, ANA);
    const exchange = await passed(path, head(ANA, "s-1"));
    exchange.responseHead(answerHead(200));
    const leak = { ...toolResult(1, "x"), result: { [SECRET]: "x" } };
    expect(await exchange.response(bytesOf(leak))).toMatchObject({ kind: "deny" });
    exchange.close();
    const late = await passed(path, head(ANA, "s-1"));
    late.abort("response_deadline");
    late.close();
    (await passed(path, head(ANA, "s-1"))).close();
    expect(inputs.at(-1)?.session).toMatchObject({ calls: 2, denied: 0, trust: 100 });
  });

  test("nothing where there is none", async () => {
    const { path, inputs } = await setting();
    (await passed(path, head(ANA))).close();
    const nothing = { age_s: null, calls: null, denied: null, trust: null, threat: null };
    expect(inputs.at(-1)?.session).toEqual({ id: null, ...nothing });
  });
});

test("the policy may want a trusted session for a tool, and a session for anything", async () => {
  const policy = `policy_id: t\nversion: "1"\ndefault: deny
allow_rules: [{ tool: "*", session: { max_calls: 4 } }]
deny_rules: [{ tool: "danger", session: { max_trust: 95 }, reason: Not in this session }]`;
  const { path } = await setting((real) => real, policy);
  await initialize(path, ANA);
  const ask = async (tool: string, session?: string) => {
    const exchange = path.firewall.open(head(ANA, session));
    await exchange.requestHead();
    const verdict = await exchange.request(bytesOf(toolCall(1, {}, tool)));
    exchange.close();
    return verdict.kind === "deny" ? codeIn(verdict.denial.body) : null;
  };
  expect(await ask("danger", "s-1")).toBeNull();
  expect(await ask("read", "s-1")).toBeNull();
  const invalid = path.firewall.open(head(ANA, "s-1"));
  await invalid.requestHead();
  await invalid.request(bytesOf({}));
  expect(await ask("danger", "s-1")).toBe("policy_denied");
  expect(await ask("read", "s-1")).toBeNull();
  // The fifth before it.
  expect(await ask("read", "s-1")).toBe("not_allowed");
  expect(await ask("read")).toBe("not_allowed");
});

test("the policy may end a session, and has its word on record", async () => {
  const { path, events } = await setting((real) => ({
    ...real,
    policy: () => {
      const policy = real.policy();
      if (policy === null) return null;
      const { engine } = policy;
      const decide = (input: PolicyInput) => {
        const outcome = engine.decide(input);
        const isLast = outcome.ok && input.message.tool === "last";
        return isLast ? { ...outcome, value: { ...outcome.value, endsSession: true } } : outcome;
      };
      return { ...policy, engine: { ...engine, decide } };
    },
  }));
  await initialize(path, ANA);
  (await passed(path, head(ANA, "s-1"))).close();
  (await passed(path, head(ANA, "s-1"), toolCall(2, {}, "last"))).close();
  expect(events.at(-1)).toMatchObject({ kind: "session_ended", cause: "policy" });
  expect(await codeOf(path, head(ANA, "s-1"))).toBe("session_unknown");
});

const STREAM = { "content-type": "text/event-stream" };

async function listen(path: DataPath, shown: Badge, session?: string) {
  const exchange = await passed(path, head(shown, session, { method: "GET" }), null);
  expect(exchange.responseHead(answerHead(200, STREAM))).toMatchObject({ kind: "stream" });
  await exchange.streamChunk(bytesOf(`data: ${JSON.stringify(progress(1))}\n\n`), false);
  return exchange;
}

describe("an open stream may go on", () => {
  test("until its credential expires, to the millisecond", async () => {
    const known = await setting();
    const exchange = await listen(known.path, { id: "ana", expiresAtMs: known.now + 10 });
    known.now += 9;
    expect(exchange.lapsed()).toBeNull();
    known.now += 1;
    expect(exchange.lapsed()).toBe("credential_expired");
    expect(codeIn(exchange.abortStream("credential_expired"))).toBe("credential_expired");
    expect(known.events.at(-1)).toMatchObject({ kind: "stream_ended", principal: "ana" });
  });

  test("while nobody takes its credential back", async () => {
    const { path, badges } = await setting();
    const exchange = await listen(path, { id: "ana", jti: "t-1" });
    const other = await listen(path, { id: "ana", jti: "t-2" });
    badges.revoke("t-1");
    expect(exchange.lapsed()).toBe("credential_revoked");
    expect(other.lapsed()).toBeNull();
  });

  test.each([
    { title: "at once", change: (real: Dependencies) => real },
    { title: "later", change: later },
  ])("in the session that its own answer opens, told $title", async ({ change }) => {
    const known = await setting(change);
    const first = { ...head(ANA), headers: new Map(head(ANA).headers) };
    first.headers.delete("mcp-protocol-version");
    const exchange = await passed(known.path, first, INITIALIZE);
    exchange.responseHead(answerHead(200, { ...GIVEN, ...STREAM }));
    await exchange.streamChunk(bytesOf(`data: ${JSON.stringify(progress(1))}\n\n`), false);
    known.now += SESSION_DEFAULTS.idleMs;
    expect(exchange.lapsed()).toBeNull();
    exchange.close();
    known.now += SESSION_DEFAULTS.idleMs;
    expect(exchange.lapsed()).toBe("session_ended");
  });

  test("while its session does, which is not idle for as long", async () => {
    const known = await setting();
    await initialize(known.path, ANA);
    const exchange = await listen(known.path, ANA, "s-1");
    known.now += SESSION_DEFAULTS.maxAgeMs - 1;
    expect(exchange.lapsed()).toBeNull();
    known.now += 1;
    expect(exchange.lapsed()).toBe("session_ended");
    expect(known.events.slice(-2)).toMatchObject([
      { kind: "session_ended", cause: "max_age" },
      { kind: "stream_ended", cause: "session_ended" },
    ]);
  });

  test("of 2026 alike: the request that opened it gets an error of its own", async () => {
    const known = await setting();
    const revision = "2026-07-28";
    const shown: Badge = { id: "ana", jti: "t-1" };
    const of = head(shown, undefined, { revision });
    const headers = new Map([...of.headers, ["mcp-method", "subscriptions/listen"]]);
    const meta = {
      "io.modelcontextprotocol/protocolVersion": revision,
      "io.modelcontextprotocol/clientInfo": { name: "agent", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const params = { _meta: meta, notifications: { toolsListChanged: true } };
    const request = { jsonrpc: "2.0", id: "l-1", method: "subscriptions/listen", params };
    const exchange = await passed(known.path, { ...of, headers }, request);
    expect(exchange.responseHead(answerHead(200, STREAM))).toMatchObject({ listening: true });
    expect(known.events).toMatchObject([{ kind: "session_opened", origin: "credential" }]);
    known.now += SESSION_DEFAULTS.maxAgeMs;
    expect(exchange.lapsed()).toBe("session_ended");
    const last = Buffer.from(exchange.abortStream("session_ended")).toString("utf8");
    expect(JSON.parse(last.slice(last.indexOf("{")))).toMatchObject({
      id: "l-1",
      error: { data: { code: "session_ended" } },
    });
  });

  test("whether its end can be put on record or not", async () => {
    const known = await setting();
    const exchange = await listen(known.path, { id: "ana", expiresAtMs: known.now + 1 });
    known.accepts = false;
    known.now += 1;
    expect(exchange.lapsed()).toBe("credential_expired");
  });
});

test("5,000 idle streams are asked in a moment", async () => {
  const { path } = await setting();
  const streams: Exchange[] = [];
  for (let count = 0; count < 5_000; count += 1) {
    streams.push(
      await listen(path, { id: `user-${count % 100}`, jti: `t-${count}` }, `s-${count}`),
    );
  }
  const ask = () => {
    const start = performance.now();
    expect(streams.every((stream) => stream.lapsed() === null)).toBe(true);
    return performance.now() - start;
  };
  ask();
  // Once a second: what 100 ms take is a tenth of one core.
  expect(Math.min(ask(), ask(), ask())).toBeLessThan(100);
}, 60_000);

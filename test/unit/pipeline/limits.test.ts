import { describe, expect, test } from "vitest";

import type { AuthEvent } from "../../../src/core/auth-log.ts";
import type { Exchange, RequestHead, Verdict } from "../../../src/core/exchange.ts";
import type { Identity } from "../../../src/core/identity.ts";
import type { RateStore } from "../../../src/core/ports.ts";
import type { RateLimit } from "../../../src/core/rate-limit.ts";
import { createRateGate, networkOf } from "../../../src/pipeline/limiting.ts";
import { createFailureBrake } from "../../../src/state/failure-brake.ts";
import { createOccupancy } from "../../../src/state/occupancy.ts";
import { createTokenBuckets } from "../../../src/state/token-buckets.ts";
import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  type DataPathOptions,
  headOf,
  JSON_POST,
} from "../../golden/data-path.ts";
import { toolCall, toolResult } from "../../support/messages.ts";

const LIMIT: RateLimit = {
  name: "bulk",
  key: ["principal"],
  ...{ servers: null, tools: null, methods: null, concurrency: null },
  rate: { points: 60, seconds: 60, burst: 2 },
  cost: "calls",
  onExceed: "deny",
};

interface Subject extends DataPath {
  pass(ms: number): void;
  /** What the account of who came was told. */
  readonly hits: readonly AuthEvent[];
  readonly limited: readonly string[];
}

async function createSubject(
  limits: readonly Partial<RateLimit>[],
  options: DataPathOptions & { readonly store?: RateStore } = {},
): Promise<Subject> {
  let now = 0;
  const clock = { monotonic: () => now };
  const limited: string[] = [];
  const hits: AuthEvent[] = [];
  const told = new Set<string>();
  const inForce = limits.map((limit) => ({ ...LIMIT, ...limit }));
  const rates = createRateGate({
    limits: () => inForce,
    store: options.store ?? createTokenBuckets({ clock, keysMax: 1_000 }),
    occupancy: createOccupancy(),
    telemetry: { limited: (limit) => limited.push(limit) },
    auth: { record: (event) => hits.push(event) > 0 },
    isNews: (limit, key) => told.size < told.add(`${limit} ${key}`).size,
    digest: (text) => text,
  });
  const dependencies = options.dependencies ?? ((real) => real);
  const path = await createDataPath({
    ...options,
    dependencies: (real) => ({ ...dependencies(real), rates }),
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { ...path, pass, limited, hits };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly error: unknown;
}

async function verdictOn(exchange: Exchange, body: string | object): Promise<Verdict> {
  const head = await exchange.requestHead();
  return head.kind === "deny" ? head : exchange.request(bytesOf(body));
}

/** One exchange from its head to its end; "passed", or how it was refused. */
async function ask(
  { firewall }: DataPath,
  body: string | object = toolCall(1),
  head: RequestHead = headOf({}),
): Promise<"passed" | Answer> {
  const exchange = firewall.open(head);
  const answer = answerOf(await verdictOn(exchange, body));
  exchange.close();
  return answer;
}

function answerOf(verdict: Verdict): "passed" | Answer {
  if (verdict.kind === "forward") return "passed";
  const { status, headers, body } = verdict.denial;
  const retryAfter = headers.find(([name]) => name === "retry-after")?.[1] ?? null;
  const text = Buffer.from(body).toString("utf8");
  const parsed: { error?: unknown } | null = text === "" ? null : JSON.parse(text);
  return { status, retryAfter, error: parsed?.error };
}

const over = (retryAfterMs: number, code = "rate_limited") => ({
  status: 200,
  retryAfter: null,
  error: { code: -31905, data: { code, retry_after_ms: retryAfterMs } },
});

/** Of many asks, how each ended. */
async function codes(path: DataPath, asks: readonly (object | string)[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const body of asks) {
    const answer = await ask(path, body);
    const error = answer === "passed" ? null : (answer.error as { data: { code: string } });
    outcomes.push(error?.data.code ?? "passed");
  }
  return outcomes;
}

describe("over a limit", () => {
  test("a call is answered with the time to wait, and passes after it", async () => {
    const path = await createSubject([{}]);
    expect([await ask(path), await ask(path)]).toEqual(["passed", "passed"]);
    expect(await ask(path)).toMatchObject(over(1_000));
    path.pass(1_000);
    expect(await ask(path)).toBe("passed");
    expect(await ask(path)).toMatchObject(over(1_000));
    expect(path.limited).toEqual(["bulk", "bulk"]);
  });

  test("the policy and the log have it as a fact", async () => {
    const path = await createSubject([{}, { name: "shy", onExceed: "report" }]);
    for (let call = 0; call < 3; call++) await ask(path);
    const [first, , third] = path.decisions;
    expect(first).toMatchObject({ input: { limits: {} } });
    const fact = { exceeded: true, kind: "rate", retry_after_ms: 1_000 };
    const limits = {
      bulk: { ...fact, on_exceed: "deny" },
      shy: { ...fact, on_exceed: "report" },
    };
    expect(third).toMatchObject({ input: { limits } });
  });

  test("the account of who came has it, once for each caller while it goes on", async () => {
    const path = await createSubject([{}, { name: "shy", onExceed: "report" }]);
    for (let call = 0; call < 6; call++) await ask(path);
    const context = { server: "files", principal: "anonymous@files", session: null };
    const event = { kind: "limit_hit", ...context, sourceIp: "127.0.0.1", requestId: "request-1" };
    expect(path.hits).toEqual([
      { ...event, limit: "bulk", enforced: true },
      { ...event, limit: "shy", enforced: false },
    ]);
  });

  test("what is only reported passes, and is told", async () => {
    const path = await createSubject([{ onExceed: "report" }]);
    const calls = Array.from({ length: 3 }, () => toolCall(1));
    expect(await codes(path, calls)).toEqual(["passed", "passed", "passed"]);
    expect(path.limited).toEqual(["bulk"]);
    expect(path.decisions[2]).toMatchObject({
      input: { limits: { bulk: { on_exceed: "report" } } },
    });
  });

  test("with denial: http it is 429 and Retry-After, in whole seconds", async () => {
    const path = await createSubject([{ rate: { points: 1, seconds: 2.5, burst: 1 } }], {
      denial: "http",
    });
    await ask(path);
    const { error } = over(2_500);
    expect(await ask(path)).toMatchObject({ status: 429, retryAfter: "3", error });
  });

  test("with denial: tool it is a result that holds the time", async () => {
    const path = await createSubject([{}], { denial: "tool" });
    await ask(path);
    await ask(path);
    const exchange = path.firewall.open(headOf({}));
    const verdict = await verdictOn(exchange, toolCall(1));
    if (verdict.kind !== "deny") throw new Error("it passed");
    expect(JSON.parse(Buffer.from(verdict.denial.body).toString())).toMatchObject({
      result: { isError: true, _meta: { "dev.impedance/denial": { retry_after_ms: 1_000 } } },
    });
  });

  test.each(["code", "none"] as const)("with disclose: %s the time is told", async (disclose) => {
    const path = await createSubject([{}], { disclose });
    await ask(path);
    await ask(path);
    expect(await ask(path)).toMatchObject({ error: { data: { retry_after_ms: 1_000 } } });
  });

  test("the handshake is refused as a whole, by 429", async () => {
    const path = await createSubject([{ rate: { points: 1, seconds: 1, burst: 1 } }]);
    await ask(path);
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "c", version: "1" },
    };
    const answer = await ask(path, { jsonrpc: "2.0", id: 1, method: "initialize", params });
    expect(answer).toMatchObject({ status: 429, retryAfter: "1" });
  });

  test("a notification is dropped as any other that is denied", async () => {
    const path = await createSubject([{ rate: { points: 1, seconds: 1, burst: 1 } }]);
    await ask(path);
    const progress = { jsonrpc: "2.0", method: "notifications/roots/list_changed" };
    expect(await ask(path, progress)).toMatchObject({ status: 202 });
  });

  test("HTTP without a body is counted too, and refused by 429", async () => {
    const path = await createSubject([{}]);
    const head = headOf({ method: "GET", headers: { accept: "text/event-stream" } });
    expect([await ask(path, "", head), await ask(path, "", head)]).toEqual(["passed", "passed"]);
    expect(await ask(path, "", head)).toMatchObject({ status: 429, retryAfter: "1" });
  });

  test("what is denied for another reason says that one: waiting would not help", async () => {
    const path = await createSubject([{}], { policy: "policy_id: p\nversion: '1'\ndefault: deny" });
    const asked = await codes(path, [toolCall(1), toolCall(2), toolCall(3)]);
    expect(new Set(asked)).not.toContain("rate_limited");
    expect(path.decisions[2]).toMatchObject({ input: { limits: { bulk: { exceeded: true } } } });
  });
});

describe("what is counted", () => {
  test("each message of a batch counts, and one over the limit denies all of it", async () => {
    const path = await createSubject([{}]);
    const head = headOf({ headers: { ...JSON_POST, "mcp-protocol-version": "2025-03-26" } });
    const batch = [toolCall(1), toolCall(2), toolCall(3)];
    const exchange = path.firewall.open(head);
    const verdict = await verdictOn(exchange, batch);
    if (verdict.kind !== "deny") throw new Error("it passed");
    const answers: unknown = JSON.parse(Buffer.from(verdict.denial.body).toString());
    expect(answers).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(path.decisions).toHaveLength(3);
  });

  test("messages that are denied count: hammering is not for nothing", async () => {
    const path = await createSubject([{ rate: { points: 1, seconds: 1, burst: 2 } }]);
    const denied = toolCall(1, { command: "x" }, "shell");
    expect(await codes(path, [denied, denied, toolCall(2)])).toEqual([
      "policy_denied",
      "policy_denied",
      "rate_limited",
    ]);
  });

  test.each<{ title: string; limit: Partial<RateLimit>; asks: object[]; ends: string[] }>([
    {
      title: "tools are counted apart",
      limit: { key: ["tool"], rate: { points: 1, seconds: 1, burst: 1 } },
      asks: [toolCall(1, {}, "a"), toolCall(1, {}, "b"), toolCall(1, {}, "a")],
      ends: ["passed", "passed", "rate_limited"],
    },
    {
      title: "everything is counted together",
      limit: { key: ["global"], rate: { points: 1, seconds: 1, burst: 1 } },
      asks: [toolCall(1, {}, "a"), toolCall(1, {}, "b")],
      ends: ["passed", "rate_limited"],
    },
    {
      title: "only the tools that are named are counted",
      limit: { tools: ["write_*"], rate: { points: 1, seconds: 1, burst: 1 } },
      asks: [toolCall(1, {}, "write_a"), toolCall(1, {}, "write_b"), toolCall(1, {}, "read")],
      ends: ["passed", "rate_limited", "passed"],
    },
    {
      title: "only the methods that are named are counted",
      limit: { methods: ["tools/list"], rate: { points: 1, seconds: 1, burst: 1 } },
      asks: [toolCall(1), toolCall(2), toolCall(3)],
      ends: ["passed", "passed", "passed"],
    },
    {
      title: "another server is not counted",
      limit: { servers: ["mail*"], rate: { points: 1, seconds: 1, burst: 1 } },
      asks: [toolCall(1), toolCall(2)],
      ends: ["passed", "passed"],
    },
    {
      title: "bytes are counted, and a large message passes once",
      limit: { cost: "bytes", rate: { points: 100, seconds: 1, burst: 100 } },
      asks: [toolCall(1, { text: "x".repeat(500) }), toolCall(1)],
      ends: ["passed", "rate_limited"],
    },
  ])("$title", async ({ limit, asks, ends }) => {
    expect(await codes(await createSubject([limit]), asks)).toEqual(ends);
  });

  test("sessions are counted apart, each for its caller", async () => {
    const rate = { points: 1, seconds: 1, burst: 1 };
    const path = await createSubject([{ key: ["session"], rate }]);
    const inSession = (id: string) => headOf({ headers: { ...JSON_POST, "mcp-session-id": id } });
    const outcomes = [
      await ask(path, toolCall(1), inSession("a")),
      await ask(path, toolCall(1), inSession("b")),
      await ask(path, toolCall(1), inSession("a")),
    ];
    expect(outcomes).toMatchObject(["passed", "passed", over(1_000)]);
  });

  test("an answer is paid in bytes too", async () => {
    const rate = { points: 1_000, seconds: 1, burst: 1_000 };
    const path = await createSubject([{ cost: "bytes", rate }]);
    const exchange = path.firewall.open(headOf({}));
    expect(answerOf(await verdictOn(exchange, toolCall(1)))).toBe("passed");
    exchange.responseHead(answerHead(200));
    await exchange.response(bytesOf(toolResult(1, "y".repeat(5_000))));
    exchange.close();
    expect(await ask(path)).toMatchObject({ error: { data: { code: "rate_limited" } } });
    path.pass(6_000);
    expect(await ask(path)).toBe("passed");
  });
});

describe("the same call, again and again,", () => {
  const loop: Partial<RateLimit> = {
    key: ["principal", "tool", "arguments"],
    rate: { points: 3, seconds: 60, burst: 3 },
  };

  test("is a runaway loop, however its arguments are spelled", async () => {
    const path = await createSubject([loop]);
    const spelled = (text: string) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${text}}}`;
    expect(
      await codes(path, [
        spelled('{"a":1,"b":"x"}'),
        spelled('{ "b": "\\u0078", "a": 1.0 }'),
        spelled('{"a":1e0,"b":"x"}'),
        spelled('{"a":1,"b":"x"}'),
      ]),
    ).toEqual(["passed", "passed", "passed", "runaway_loop"]);
  });

  test("is none with other arguments, or of another tool", async () => {
    const path = await createSubject([loop]);
    const calls = Array.from({ length: 20 }, (_, n) => toolCall(n, { n }, n % 2 ? "a" : "b"));
    expect(new Set(await codes(path, calls))).toEqual(new Set(["passed"]));
  });

  test("is none where a task is asked for its state", async () => {
    const policy = `policy_id: p\nversion: "1"\ndefault: deny\nallow_rules: [{ method: tasks/get }]`;
    const path = await createSubject([loop], { policy });
    const poll = { jsonrpc: "2.0", id: 1, method: "tasks/get", params: { taskId: "t" } };
    const polls = Array.from({ length: 20 }, () => poll);
    expect(new Set(await codes(path, polls))).toEqual(new Set(["passed"]));
  });
});

describe("what is open at the same time", () => {
  const two: Partial<RateLimit> = { rate: null, concurrency: 2 };

  test("is bounded, and what ends makes room", async () => {
    const path = await createSubject([two]);
    const open = [path.firewall.open(headOf({})), path.firewall.open(headOf({}))];
    for (const exchange of open) {
      expect(answerOf(await verdictOn(exchange, toolCall(1)))).toBe("passed");
    }
    expect(await ask(path)).toMatchObject(over(1_000));
    open[0]?.close();
    expect(await ask(path)).toBe("passed");
    expect(path.decisions[2]).toMatchObject({
      input: { limits: { bulk: { kind: "concurrency" } } },
    });
  });

  test("takes up nothing that leaks: refused, aborted, malformed, never asked", async () => {
    const path = await createSubject([two]);
    for (let round = 0; round < 20; round++) {
      await ask(path, toolCall(1, { command: "x" }, "shell"));
      await ask(path, "{");
      const aborted = path.firewall.open(headOf({}));
      await verdictOn(aborted, toolCall(1));
      aborted.abort("response_deadline");
      aborted.close();
      path.firewall.open(headOf({})).close();
    }
    expect([await ask(path), await ask(path)]).toEqual(["passed", "passed"]);
  });
});

describe("a store outside of this process", () => {
  function lateStore() {
    const asked = Promise.withResolvers<readonly number[] | null>();
    return { asked, store: { take: () => asked.promise, charge() {} } satisfies RateStore };
  }

  test("that cannot tell lets nothing pass", async () => {
    const path = await createSubject([{}], { store: { take: async () => null, charge() {} } });
    expect(await ask(path)).toMatchObject({
      status: 503,
      error: { data: { code: "limits_unavailable" } },
    });
    const head = headOf({ method: "GET", headers: { accept: "text/event-stream" } });
    expect(await ask(path, "", head)).toMatchObject({ status: 503 });
  });

  test("is waited for, and its word counts", async () => {
    const { asked, store } = lateStore();
    const path = await createSubject([{}], { store });
    const answer = ask(path);
    asked.resolve([1_234]);
    expect(await answer).toMatchObject(over(1_234));
  });

  test("that answers after a deadline finds an exchange that is over: nothing passes", async () => {
    const { asked, store } = lateStore();
    const path = await createSubject([{ concurrency: 1 }], { store });
    const exchange = path.firewall.open(headOf({}));
    const verdict = verdictOn(exchange, toolCall(7));
    await new Promise((resolve) => setImmediate(resolve));
    const denial = exchange.abort("verdict_deadline");
    asked.resolve([0]);
    expect(await verdict).toEqual({ kind: "deny", denial });
    expect(path.decisions).toHaveLength(1);
    expect(JSON.parse(Buffer.from(denial.body).toString())).toMatchObject({ id: 7 });
  });
});

describe("credentials that are refused", () => {
  function refusing(code: string): DataPathOptions {
    const clock = { monotonic: () => 0 };
    const refused: Identity = { kind: "refused", code, challenge: null };
    const failures = createFailureBrake({ clock, max: 2, seconds: 60, addressesMax: 10 });
    const identity = { identify: async () => refused };
    return { dependencies: (real) => ({ ...real, identity, failures }) };
  }

  test("too often, of one address, are not looked at any more", async () => {
    const path = await createDataPath(refusing("signature"));
    expect([await ask(path), await ask(path)]).toMatchObject([{ status: 401 }, { status: 401 }]);
    const error = { data: { code: "too_many_failures", retry_after_ms: 30_000 } };
    expect(await ask(path)).toMatchObject({ status: 429, retryAfter: "30", error });
    const elsewhere = { ...headOf({}), source: { ip: "198.51.100.9", spiffe: null } };
    expect(await ask(path, toolCall(1), elsewhere)).toMatchObject({ status: 401 });
  });

  test.each(["credential_missing", "token_expired"])("%s is no guess", async (code) => {
    const path = await createDataPath(refusing(code));
    for (let asked = 0; asked < 5; asked++) expect(await ask(path)).toMatchObject({ status: 401 });
  });

  test.each([
    ["198.51.100.7", "198.51.100.7"],
    ["::ffff:198.51.100.7", "198.51.100.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:DB8:1:2::6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
  ])("%s is of the network %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

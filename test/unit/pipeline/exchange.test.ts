import { describe, expect, test } from "vitest";

import type { DecisionEvent } from "../../../src/core/audit.ts";
import type { AbortCause, Exchange, Verdict } from "../../../src/core/exchange.ts";
import type { PolicyFault, PolicyInput } from "../../../src/core/policy.ts";
import type { Guard } from "../../../src/core/ports.ts";
import { refusal } from "../../../src/decision/refusals.ts";
import type { Dependencies } from "../../../src/pipeline/dependencies.ts";
import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  type DataPathOptions,
  headOf,
  JSON_POST,
  sent,
} from "../../golden/data-path.ts";
import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";

async function request(path: DataPath, body: string | object): Promise<Verdict> {
  const exchange = path.firewall.open(headOf({}));
  const head = await exchange.requestHead();
  return head.kind === "deny" ? head : exchange.request(bytesOf(body));
}

/** Of a denial: its status, and the code the agent reads. */
function codeOf(verdict: Verdict): { status: number; code: string } {
  if (verdict.kind !== "deny") throw new Error("it was let through");
  const body: unknown = JSON.parse(Buffer.from(verdict.denial.body).toString("utf8"));
  expect(body).toMatchObject({ jsonrpc: "2.0", error: { data: { code: expect.anything() } } });
  const { error } = body as { error: { data: { code: string } } };
  return { status: verdict.denial.status, code: error.data.code };
}

/** The answer to a call that was let through. */
async function respond(exchange: Exchange, body: object): Promise<Verdict> {
  exchange.responseHead(answerHead(200));
  return exchange.response(bytesOf(body));
}

type Change = NonNullable<DataPathOptions["dependencies"]>;

const unrecorded: Change = (real) => ({
  ...real,
  audit: { record: () => false, omit: () => false },
});

/** Only what the server sends cannot be put on record. */
const unrecordedAnswers: Change = (real) => ({
  ...real,
  audit: {
    record: ({ input }: DecisionEvent) => JSON.stringify(input).includes('"request"'),
    omit: () => true,
  },
});

function withoutPolicy(real: Dependencies): Dependencies {
  return { ...real, policy: () => null };
}

function faulty(code: PolicyFault["code"]): Change {
  return (real) => ({
    ...real,
    policy: () => {
      const policy = real.policy();
      if (policy === null) return null;
      const error = { code, detail: "made for a test" };
      return { ...policy, engine: { revision: "r", decide: () => ({ ok: false, error }) } };
    },
  });
}

describe("a request is denied, and nothing of it goes on,", () => {
  test.each<{ title: string; dependencies: Change; status: number; code: string }>([
    {
      title: "when its decision cannot be put on record",
      dependencies: unrecorded,
      status: 503,
      code: "audit_unavailable",
    },
    {
      title: "when there is no policy",
      dependencies: withoutPolicy,
      status: 200,
      code: "policy_missing",
    },
    ...(["policy_undefined", "policy_malformed", "policy_failed", "policy_late"] as const).map(
      (code) => ({
        title: `when the policy's answer is ${code}`,
        dependencies: faulty(code),
        status: 200,
        code,
      }),
    ),
    {
      title: "when its caller is refused",
      dependencies: (real) => ({
        ...real,
        identity: { identify: async () => ({ kind: "refused", code: "expired", challenge: null }) },
      }),
      status: 401,
      code: "unauthenticated",
    },
  ])("$title", async ({ dependencies, status, code }) => {
    const path = await createDataPath({ dependencies });
    expect(codeOf(await request(path, toolCall(7)))).toEqual({ status, code });
  });

  test("when the policy denies without a reason", async () => {
    const decide = (real: object) => ({ ...real, allow: false, reasons: [] }) as never;
    const path = await createDataPath({ decide });
    const verdict = await request(path, toolCall(7));
    expect(codeOf(verdict)).toEqual({ status: 200, code: "policy_malformed" });
  });

  test("when a guard runs out of time", async () => {
    let now = 0;
    const clock = {
      now: () => 0,
      monotonic: () => {
        now += 600;
        return now;
      },
    };
    const { createInspector } = await import("../../../src/guard/inspect.ts");
    const path = await createDataPath({
      dependencies: (real) => ({
        ...real,
        inspector: createInspector([], { clock, budgetMs: 500 }),
      }),
    });
    const verdict = await request(path, toolCall(7, { a: "b", c: "d" }));
    expect(codeOf(verdict)).toEqual({ status: 200, code: "guard_exceeded" });
  });
});

describe("what is thrown is thrown through: the adapter fails the exchange closed,", () => {
  const broken: Guard = {
    name: "broken",
    request: () => {
      throw new Error("a bug");
    },
    response: () => {
      throw new Error("a bug");
    },
  };

  test("from a guard, on the way in", async () => {
    const path = await createDataPath({ moreGuards: [broken] });
    await expect(request(path, toolCall(7))).rejects.toThrow("a bug");
  });

  test("from a guard, on the way out", async () => {
    const path = await createDataPath({ moreGuards: [{ ...broken, request: () => [] }] });
    const exchange = await sent(path, toolCall(7));
    await expect(respond(exchange, toolResult(7, "x"))).rejects.toThrow("a bug");
  });

  test("from an edit that leaves no message", async () => {
    const decide = (real: { obligations: object }) =>
      ({ ...real, obligations: { ...real.obligations, remove: ["/jsonrpc"] } }) as never;
    const path = await createDataPath({ decide });
    await expect(request(path, toolCall(7))).rejects.toThrow("an edit made a message unreadable");
  });
});

describe("an answer is denied", () => {
  test.each<{ title: string; dependencies: Change; code: string }>([
    {
      title: "when its decision cannot be put on record",
      dependencies: unrecordedAnswers,
      code: "audit_unavailable",
    },
  ])("$title", async ({ dependencies, code }) => {
    const path = await createDataPath({ dependencies });
    const exchange = await sent(path, toolCall(7));
    expect(codeOf(await respond(exchange, toolResult(7, "hello")))).toEqual({ status: 200, code });
  });

  test("when the policy was taken away in the meantime", async () => {
    let isThere = true;
    const path = await createDataPath({
      dependencies: (real) => ({ ...real, policy: () => (isThere ? real.policy() : null) }),
    });
    const exchange = await sent(path, toolCall(7));
    isThere = false;
    const verdict = await respond(exchange, toolResult(7, "hello"));
    expect(codeOf(verdict)).toEqual({ status: 200, code: "policy_missing" });
  });
});

describe("the policy", () => {
  /** All that it was asked. */
  async function inputsOf(body: string | object, options: DataPathOptions = {}) {
    const inputs: PolicyInput[] = [];
    const path = await createDataPath({
      ...options,
      decide: (real, input) => {
        if (input.phase !== "list") inputs.push(input);
        return real;
      },
    });
    const verdict = await request(path, body);
    return { inputs, verdict };
  }

  test("judges a message as it will go on, with what was found in it as it came", async () => {
    const { inputs, verdict } = await inputsOf(toolCall(7, { text: SECRET }));
    const forwarded = bytesOf(toolCall(7, { text: REDACTED }));
    expect(inputs).toMatchObject([
      {
        message: { arguments: { text: REDACTED }, bytes: forwarded.length },
        findings: [{ kind: "aws-access-key-id", at: "/params/arguments/text", action: "redacted" }],
        strings: { longest: REDACTED.length },
      },
    ]);
    expect(verdict).toMatchObject({ kind: "forward", body: Buffer.from(forwarded) });
  });

  test("judges the name that an edit has made, not the one that came", async () => {
    const rename: Guard = {
      name: "rename",
      request: ({ text }) =>
        text === "harmless"
          ? [{ kind: "n", severity: "low", start: 0, end: 8, replacement: "shell" }]
          : [],
    };
    const { inputs, verdict } = await inputsOf(toolCall(7, {}, "harmless"), {
      moreGuards: [rename],
    });
    expect(inputs).toMatchObject([{ message: { tool: "shell" } }]);
    expect(codeOf(verdict)).toEqual({ status: 200, code: "policy_denied" });
  });

  test("is asked about each member of a batch, with its own findings", async () => {
    const inputs: PolicyInput[] = [];
    const path = await createDataPath({
      decide: (real, input) => {
        if (input.phase !== "list") inputs.push(input);
        return real;
      },
    });
    const batch = [toolCall(1), toolCall(2, { text: SECRET }, "other")];
    await sent(path, batch, headOf({ headers: { "content-type": "application/json" } }));
    expect(inputs).toMatchObject([
      { message: { tool: "echo" }, findings: [] },
      { message: { tool: "other" }, findings: [{ at: "/1/params/arguments/text" }] },
    ]);
  });

  test("is told of an answer what it answers", async () => {
    const inputs: PolicyInput[] = [];
    const path = await createDataPath({
      decide: (real, input) => {
        if (input.phase !== "list") inputs.push(input);
        return real;
      },
    });
    const exchange = await sent(path, toolCall("7"));
    await respond(exchange, toolResult("7", "hello"));
    expect(inputs[1]).toMatchObject({
      phase: "response",
      message: { kind: "result", method: "tools/call", tool: "echo" },
      result: { types: ["text"], is_error: false },
    });
  });

  test("that wants nothing on record has it so, for what it allows", async () => {
    const decide = (real: { obligations: object; allow: boolean }) =>
      ({ ...real, obligations: { ...real.obligations, audit: "none" } }) as never;
    const path = await createDataPath({ decide });
    await request(path, toolCall(7));
    await request(path, toolCall(7, {}, "shell"));
    expect(path.decisions.map(({ result }) => result.allow)).toEqual([false]);
  });

  test("that wants nothing on record is denied where the log cannot even count", async () => {
    const decide = (real: { obligations: object; allow: boolean }) =>
      ({ ...real, obligations: { ...real.obligations, audit: "none" } }) as never;
    const path = await createDataPath({ decide, dependencies: unrecorded });
    const verdict = await request(path, toolCall(7));
    expect(codeOf(verdict).code).toBe("audit_unavailable");
  });
});

describe("an exchange that cannot go on", () => {
  const causes: readonly AbortCause[] = [
    "request_too_large",
    "response_too_large",
    "request_deadline",
    "response_deadline",
    "verdict_deadline",
    "draining",
    "needs_cleaning",
    "internal",
  ];
  const ALWAYS_HTTP: ReadonlySet<number> = new Set([408, 413, 503]);

  test.each(causes)("because of %s has an answer, with the id once it is known", async (cause) => {
    const path = await createDataPath();
    const early = path.firewall.open(headOf({}));
    await early.requestHead();
    const { httpStatus, rpcCode } = refusal(cause);
    const before = early.abort(cause);
    expect(before.status).toBe(httpStatus);
    expect(JSON.parse(Buffer.from(before.body).toString("utf8"))).toMatchObject({
      id: null,
      error: { code: rpcCode, data: { code: cause, decision_id: "decision-1" } },
    });

    const late = await sent(path, toolCall("a"));
    const after = late.abort(cause);
    expect(after.status).toBe(ALWAYS_HTTP.has(httpStatus) ? httpStatus : 200);
    expect(JSON.parse(Buffer.from(after.body).toString("utf8"))).toMatchObject({
      id: "a",
      error: { code: rpcCode, data: { code: cause } },
    });
    expect(path.decisions.map(({ result }) => result.allow)).toEqual([false, true, false]);
  });

  test("has one before anything of it was read", async () => {
    const path = await createDataPath();
    const denial = path.firewall.open(headOf({})).abort("draining");
    expect(denial.status).toBe(503);
  });

  test("is silent on a stream that was never opened", async () => {
    const path = await createDataPath();
    const exchange = await sent(path, toolCall(7));
    expect(exchange.abortStream("draining")).toEqual(new Uint8Array(0));
  });
});

describe("the head of a request", () => {
  test.each([
    { title: "a POST of JSON", head: {}, kind: "collect" },
    {
      title: "a GET that listens",
      head: { method: "GET", headers: { accept: "text/event-stream" } },
      kind: "collect",
    },
    {
      title: "a length at the limit",
      head: { headers: { ...JSON_POST, "content-length": "1048576" } },
      kind: "collect",
    },
    {
      title: "identity as its encoding",
      head: { headers: { ...JSON_POST, "content-encoding": "identity" } },
      kind: "collect",
    },
    {
      title: "a length over the limit",
      head: { headers: { ...JSON_POST, "content-length": "1048577" } },
      kind: 413,
    },
    {
      title: "an encoding",
      head: { headers: { ...JSON_POST, "content-encoding": "gzip" } },
      kind: 415,
    },
    {
      title: "two encodings",
      head: { headers: { ...JSON_POST, "content-encoding": "identity, gzip" } },
      kind: 415,
    },
    { title: "a form", head: { headers: { "content-type": "multipart/form-data" } }, kind: 415 },
    { title: "no server", head: { server: null }, kind: 404 },
  ])("with $title is answered with $kind", async ({ head, kind }) => {
    const { firewall } = await createDataPath();
    const verdict = await firewall.open(headOf(head)).requestHead();
    expect(verdict.kind === "deny" ? verdict.denial.status : verdict.kind).toBe(kind);
  });
});

test("an exchange tells its duration once, by the method and tool of its request", async () => {
  const told: unknown[] = [];
  let now = 0;
  const path = await createDataPath({
    dependencies: (real) => ({
      ...real,
      clock: { now: () => 0, monotonic: () => now },
      telemetry: { ...real.telemetry, exchange: (...event) => told.push(event) },
    }),
  });
  const exchange = path.firewall.open(headOf({}));
  await exchange.requestHead();
  await exchange.request(bytesOf(toolCall(1)));
  now = 2_000;
  exchange.close();
  expect(told).toEqual([[headOf({}).server, "tools/call", "echo", 2]]);
});

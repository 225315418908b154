/** No decision is no permission: for a request, for an answer, and for an event of a stream. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/config/load-config.ts";
import type { PolicyInput } from "../../../src/core/policy.ts";
import type { PolicyEngine } from "../../../src/core/ports.ts";
import type { LoadedPolicy } from "../../../src/pipeline/dependencies.ts";
import { readBundle } from "../../../src/policy/bundle.ts";
import { createPolicyEngine } from "../../../src/policy/engine.ts";
import { createInputBuilder } from "../../../src/policy/input.ts";
import { startService } from "../../../src/server/service.ts";
import { systemClock } from "../../../src/server/system.ts";
import { createLogger } from "../../../src/telemetry/log.ts";
import { openCall } from "../../support/client.ts";
import {
  canary,
  endingOf,
  errorOf,
  type FaultyGateway,
  openEvents,
  startFaultyGateway,
  toolCall,
  toolResult,
} from "../../support/faulty-firewall.ts";
import { buildBundle } from "../../unit/policy/build-bundle.ts";

/** The tool's name says how the policy goes wrong, and in which phase. */
const REGO = `package mcp.firewall

# METADATA
# entrypoint: true
# scope: document
decision := _allow if _case == "fine"

decision := true if _case == "true"

decision := object.union(_allow, {"granted": true}) if _case == "unknown member"

decision := object.union(_allow, {"allow": _half}) if _case == "conflict"

decision := _allow if {
	_case == "trap"
	count(_times_64(_times_64(_times_64(_times_64(_times_64("0123456789")))))) > 0
}

# Five times: more memory than a policy may have.
_times_64(text) := concat("", [text | some _ in numbers.range(1, 64)])

_half := true if input.v == 1

_half := false if _case == "conflict"

_allow := {
	"allow": true,
	"reasons": [],
	"obligations": {"redact": [], "remove": [], "audit": "full", "headers": {}},
}

default _case := "fine"

_case := name if {
	[phase, name] := split(input.message.tool, "/")
	phase == input.phase
}
`;

const FAULTS = [
  { fault: "nothing", code: "policy_undefined" },
  { fault: "true", code: "policy_malformed" },
  { fault: "unknown member", code: "policy_malformed" },
  { fault: "conflict", code: "policy_failed" },
  { fault: "trap", code: "policy_failed" },
  { fault: "late", code: "policy_late" },
] as const;

/** What no policy may do, and what no bug of ours may lead to. */
const BUGS = [
  { fault: "missing", code: "policy_missing" },
  { fault: "throws", code: "internal" },
] as const;

/** A policy that runs out of memory takes a while to get there, on a busy machine. */
const TRAP_MS = 15_000;

let faulty: FaultyGateway;
let broken: "missing" | "throws" | null = null;

beforeAll(async () => {
  const policy = await brokenPolicy();
  faulty = await startFaultyGateway({
    limits: { verdictDeadlineMs: TRAP_MS },
    dependencies: (real) => ({ ...real, policy: () => (broken === "missing" ? null : policy) }),
  });
});

afterAll(() => faulty[Symbol.asyncDispose]());

afterEach(async () => {
  broken = null;
  await faulty.service.idle();
});

describe.each(FAULTS)("a policy whose decision is: $fault", ({ fault, code }) => {
  test("denies the request", async () => {
    const { ending, question } = await callOnce(`request/${fault}`);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf(code) });
    expect(faulty.upstream.seen().includes(question)).toBe(false);
  });

  test("denies the answer", async () => {
    const { ending, answer } = await callOnce(`response/${fault}`);
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf(code) });
    expect(ending.received).not.toContain(answer);
  });

  test("denies the event", async () => {
    const { ending, answer } = await streamOnce(`response/${fault}`);
    expect(ending.text).toContain(code);
    expect(ending.received).not.toContain(answer);
  });
});

describe.each(BUGS)("a policy that is: $fault", ({ fault, code }) => {
  test("lets no request through", async () => {
    broken = fault;
    const { ending, question } = await callOnce("echo");
    expect(ending.json()).toMatchObject(errorOf(code));
    expect(faulty.upstream.seen().includes(question)).toBe(false);
  });

  test("lets no answer through", async () => {
    const { ending, answer } = await callOnce("echo", () => {
      broken = fault;
    });
    expect(ending.json()).toMatchObject({ id: 7, ...errorOf(code) });
    expect(ending.received).not.toContain(answer);
  });

  test("lets no event through", async () => {
    const { ending, answer } = await streamOnce("echo", () => {
      broken = fault;
    });
    expect(ending.text).toContain(`"code":"${code}"`);
    expect(ending.received).not.toContain(answer);
  });
});

test("the same policy in order decides all three", async () => {
  const { ending, question, answer } = await callOnce("request/fine");
  expect(ending.status).toBe(200);
  expect(ending.received).toContain(answer);
  expect(faulty.upstream.seen().includes(question)).toBe(true);
  const stream = await streamOnce("response/fine");
  expect(stream.ending.received).toContain(stream.answer);
});

describe("a service whose bundle is corrupt", () => {
  test.each([
    { title: "no archive", bytes: async () => Buffer.from("garbage"), says: "not a gzip file" },
    {
      title: "cut off",
      bytes: async () => (await bundleOf(REGO)).subarray(0, 2_000),
      says: "gzip",
    },
    {
      title: "without the entry point",
      bytes: () => buildBundle({ "other.rego": OTHER_REGO }),
      says: "it has no entrypoint mcp/firewall/decision",
    },
  ])("does not start: $title", async ({ bytes, says }) => {
    const folder = await mkdtemp(join(tmpdir(), "impedance-corrupt-"));
    try {
      const bundle = join(folder, "bundle.tar.gz");
      await writeFile(bundle, await bytes());
      const config = defaultConfig({});
      if (!config.ok) throw new Error("the default configuration");
      const anywhere = { host: "127.0.0.1", port: 0 };
      const started = await startService({
        config: {
          ...config.value,
          policy: { ...config.value.policy, file: null, bundle },
          grpc: { kind: "tcp", ...anywhere },
          admin: anywhere,
        },
        log: createLogger({ level: "fatal" }),
      });
      const errors = [expect.stringContaining(says)];
      expect(started).toEqual({ ok: false, error: { part: "policy", errors } });
      const named = [expect.stringContaining(bundle)];
      expect(started).toEqual({ ok: false, error: { part: "policy", errors: named } });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const OTHER_REGO = `package other

# METADATA
# entrypoint: true
# scope: document
decision := true
`;

function bundleOf(rego: string): Promise<Uint8Array> {
  return buildBundle({ "mcp/firewall/firewall.rego": rego });
}

async function brokenPolicy(): Promise<LoadedPolicy> {
  const bundle = await readBundle(await bundleOf(REGO));
  if (!bundle.ok) throw new Error(bundle.error.detail);
  const engineWith = async (budgetMs: number): Promise<PolicyEngine> => {
    const engine = await createPolicyEngine(bundle.value, null, { clock: systemClock, budgetMs });
    if (!engine.ok) throw new Error(engine.error.detail);
    return engine.value;
  };
  const [inTime, late] = await Promise.all([engineWith(5_000), engineWith(0)]);
  const { revision } = inTime;
  const decide = (input: PolicyInput) => {
    if (broken === "throws") throw new Error("a bug of the engine");
    const engine = input.message.tool === `${input.phase}/late` ? late : inTime;
    return engine.decide(input);
  };
  const input = createInputBuilder({
    engineRevision: revision,
    portable: null,
    roots: [],
    clock: systemClock,
  });
  return {
    engine: { revision, decide },
    input,
    isBuiltIn: true,
    asksForAliases: false,
    asksForFlow: false,
    rejectsUnknownArguments: false,
    rateLimits: [],
  };
}

async function callOnce(tool: string, beforeAnswer: () => void = () => undefined) {
  const [question, answer] = [canary(), canary()];
  faulty.handler = (exchange) => {
    beforeAnswer();
    exchange.json(toolResult(answer));
  };
  const body = toolCall(question, 7, tool);
  const ending = await endingOf(openCall(faulty.gateway, { path: "/mcp", body }), TRAP_MS);
  return { ending, question, answer };
}

async function streamOnce(tool: string, beforeAnswer: () => void = () => undefined) {
  const answer = canary();
  const { call, stream } = await openEvents(faulty, { body: toolCall(canary(), 7, tool) });
  beforeAnswer();
  await stream.send(toolResult(answer));
  stream.end();
  return { ending: await endingOf(call, TRAP_MS), answer };
}

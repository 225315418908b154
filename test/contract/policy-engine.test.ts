import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import type { PolicyInput } from "../../src/core/policy.ts";
import type { PolicyEngine } from "../../src/core/ports.ts";
import { readBundle } from "../../src/policy/bundle.ts";
import { createPolicyEngine } from "../../src/policy/engine.ts";
import { compilePortable } from "../../src/policy/portable/compile.ts";
import { parsePortable } from "../../src/policy/portable/parse.ts";
import { packagePath } from "../../src/server/package-root.ts";
import { bytesOf, createDataPath, headOf, STILL_CLOCK, USUAL_POLICY } from "../golden/data-path.ts";
import { toolCall } from "../support/messages.ts";

/** What holds of every engine (src/core/ports.ts, `PolicyEngine`), whatever its rules say. */
const bundle = await shippedBundle();
const portable = portableOf(USUAL_POLICY);
const subjects: readonly { readonly name: string; readonly engine: PolicyEngine }[] = [
  { name: "the bundle alone", engine: await engineOf(null) },
  { name: "the bundle with a portable policy", engine: await engineOf(portable) },
];
const example = await exampleInput();

describe.each(subjects)("$name", ({ engine }) => {
  test("names what decides by a digest", () => {
    expect(engine.revision).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("gives a decision on a well-formed input, and the same one again", () => {
    const decision = engine.decide(example);
    expect(decision).toMatchObject({ ok: true });
    expect(engine.decide(example)).toEqual(decision);
  });

  test("never throws, and never allows what it was not fully told", () => {
    const incomplete = { ...example, facts: { complete: false, policy: "sha256:0" } };
    expect(engine.decide(incomplete)).toMatchObject({
      ok: true,
      value: { allow: false, reasons: expect.arrayContaining([reasonWith("facts_missing")]) },
    });
  });

  test("never throws on anything, nor allows it", () => {
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, {}, []));
    fc.assert(
      fc.property(anything, (input) => {
        // A stage that hands over what is no input has a bug; the engine must not make it worse.
        const outcome = engine.decide(input as unknown as PolicyInput);
        expect(outcome.ok && outcome.value.allow).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("says why it denies, the most specific reason first", () => {
    const shell = { ...example, message: { ...example.message, tool: "no-such-tool" }, rules: [] };
    const outcome = engine.decide(shell);
    if (!outcome.ok || outcome.value.allow) throw new Error("it was let through");
    expect(outcome.value.reasons[0]).toEqual({
      code: "not_allowed",
      layer: "policy",
      rule: expect.stringMatching(/^mcp\.rules\./),
      message: expect.any(String),
      remedy: expect.any(String),
    });
  });

  test("keeps nothing of one question for the next", () => {
    const before = engine.decide(example);
    engine.decide({ ...example, message: { ...example.message, method: "made/up" } });
    engine.decide("nonsense" as unknown as PolicyInput);
    expect(engine.decide(example)).toEqual(before);
  });
});

test("another portable policy makes another revision", () => {
  const revisions = subjects.map(({ engine }) => engine.revision);
  expect(new Set(revisions).size).toBe(subjects.length);
});

test("an answer that comes late is no answer", async () => {
  let now = 0;
  const clock = {
    now: () => 0,
    monotonic: () => {
      now += 1_000;
      return now;
    },
  };
  const engine = await createPolicyEngine(bundle, portable, { clock, budgetMs: 500 });
  if (!engine.ok) throw new Error(engine.error.detail);
  expect(engine.value.decide(example)).toMatchObject({
    ok: false,
    error: { code: "policy_late" },
  });
});

function reasonWith(code: string) {
  return expect.objectContaining({ code });
}

async function shippedBundle() {
  const read = await readBundle(await readFile(packagePath("dist/policy/bundle.tar.gz")));
  if (!read.ok) throw new Error(read.error.detail);
  return read.value;
}

function portableOf(text: string) {
  const policy = parsePortable(text, "policy.yaml");
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return compilePortable(policy.value);
}

async function engineOf(policy: ReturnType<typeof portableOf> | null): Promise<PolicyEngine> {
  const options = { clock: STILL_CLOCK, budgetMs: DEFAULT_LIMITS.policyBudgetMs };
  const engine = await createPolicyEngine(bundle, policy, options);
  if (!engine.ok) throw new Error(engine.error.detail);
  return engine.value;
}

/** What the pipeline really asks about a tool call. */
async function exampleInput(): Promise<PolicyInput> {
  const inputs: PolicyInput[] = [];
  const path = await createDataPath({
    decide: (real, input) => {
      inputs.push(input);
      return real;
    },
  });
  const exchange = path.firewall.open(headOf({}));
  await exchange.requestHead();
  await exchange.request(bytesOf(toolCall(7)));
  const [first] = inputs;
  if (first === undefined) throw new Error("the policy was not asked");
  return first;
}

import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { PolicyInput } from "../../../src/core/policy.ts";
import type { PolicyEngine } from "../../../src/core/ports.ts";
import { readBundle } from "../../../src/policy/bundle.ts";
import { createPolicyEngine } from "../../../src/policy/engine.ts";
import { overlay } from "../../../src/policy/json.ts";
import { buildDefaultBundle, buildPlainBundle } from "../../unit/policy/build-bundle.ts";

/** Rules of every effect, and every switch on: what is off says nothing either way. */
const DATA = {
  impedance: {
    banned_tools: ["shell"],
    modes: { rules: { high_entropy: "shadow" }, servers: { lab: "off", crm: "shadow" } },
    clearance: { principals: { alice: "SENSITIVE" }, roles: { admin: "RESTRICTED" } },
    schema: { arguments: "enforce", results: "enforce" },
    portable: {
      default: "deny",
      reject_unknown_args: true,
      rules: {
        "allow/0": { effect: "allow", roles: [], reason: null, methods: false, audit: "full" },
        "allow/1": { effect: "allow", roles: ["dev"], reason: null, methods: true },
        "deny/0": { effect: "deny", roles: [], reason: "No", methods: false, mode: "shadow" },
        "deny/1": { effect: "would_deny", roles: ["admin"], reason: null, methods: false },
      },
    },
  },
};

let plain: PolicyEngine;
let built: PolicyEngine;
let unread: PolicyEngine;

beforeAll(async () => {
  const ours = await readBundle(await buildDefaultBundle());
  const theirs = await readBundle(await buildPlainBundle());
  if (!ours.ok || !theirs.ok) throw new Error("a bundle does not load");
  expect(ours.value.looks.reads).not.toBeNull();
  expect(ours.value.looks.compared).toContainEqual(["message", "bytes"]);
  expect(theirs.value.looks.reads).toBeNull();
  const engineOf = async (bundle: typeof ours.value) => {
    const data = overlay(bundle.data, DATA);
    const clock = { now: () => 0, monotonic: () => 0 };
    const engine = await createPolicyEngine({ ...bundle, data }, null, { clock, budgetMs: 100 });
    if (!engine.ok) throw new Error(engine.error.detail);
    return engine.value;
  };
  built = await engineOf(ours.value);
  unread = await engineOf({ ...ours.value, looks: { reads: null, compared: [], numbers: [] } });
  plain = await engineOf(theirs.value);
});

const some = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
const classification = some(null, "PUBLIC", "SENSITIVE", "RESTRICTED");

const inputs = fc.record({
  v: fc.constant(1),
  phase: some("request", "response", "list"),
  facts: fc.record({ complete: some(true, true, false), policy: fc.constant("sha256:0") }),
  message: fc.record({
    kind: some("request", "notification", "response", "result", "error", "open_stream", "other"),
    method: some(null, "tools/call", "initialize", "sampling/createMessage", "acme/run"),
    tool: some(null, "shell", "read"),
    bytes: fc.oneof(
      some(0, 1, 1_048_575, 1_048_576, 1_048_577, 16_777_216, 16_777_217),
      fc.nat({ max: 40_000_000 }),
    ),
    revision: some("2025-11-25", "2026-07-28"),
  }),
  result: fc.option(fc.record({ type: some(null, "complete", "x"), classification })),
  rules: list(
    fc.record({
      rule: some("allow/0", "allow/1", "deny/0", "deny/1"),
      fit: fc.boolean(),
      failed: list(fc.record({ at: fc.constant("/a"), check: some("unjudged", "type") })),
    }),
  ),
  paths: list(fc.record({ traversal: fc.boolean(), sensitive: fc.boolean() })),
  findings: list(
    fc.record({
      guard: some("secrets", "pii", "schema", "descriptions"),
      kind: some("x", "budget_exceeded", "redaction_mark", "unknown_argument", "unjudged"),
      action: some("found", "redacted"),
      severity: some("low", "high"),
    }),
  ),
  strings: fc.record({ max_entropy: some(0, 5.9), raw_paths: some(null, 0, 1) }),
  server: fc.record({ id: some("files", "lab", "crm") }),
  tool: fc.record({ pinned: some(null, true, false), drifted: some(null, true, false) }),
  principal: fc.record({ id: some("alice", "bob"), roles: list(some("dev", "admin")) }),
  posture: fc.record(
    {
      inventory: some("enforce", "observe"),
      server_requests: fc.constant({ "roots/list": ["allow/1"], "elicitation/create": ["deny/0"] }),
    },
    { requiredKeys: [] },
  ),
});

test("what the build changes in a policy changes no decision", () => {
  const seen = { allowed: 0, denied: 0 };
  fc.assert(
    fc.property(inputs, (input) => {
      // Members that no rule of ours reads are left away here.
      const decision = plain.decide(input as unknown as PolicyInput);
      expect(decision.ok).toBe(true);
      expect(built.decide(input as unknown as PolicyInput)).toEqual(decision);
      expect(unread.decide(input as unknown as PolicyInput)).toEqual(decision);
      if (decision.ok) seen[decision.value.allow ? "allowed" : "denied"] += 1;
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(100);
});

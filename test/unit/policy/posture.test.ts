import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/config/load-config.ts";
import type { Posture, PosturePart } from "../../../src/core/posture.ts";
import { canRead } from "../../../src/policy/reads.ts";
import { createPolicyLoader } from "../../../src/server/load-policy.ts";
import { buildBundleWithout } from "./build-bundle.ts";
import { call, stillClock } from "./examples.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-facts-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("canRead", () => {
  test.each([
    { reads: null, want: true },
    { reads: [], want: false },
    { reads: [["posture"]], want: true },
    { reads: [["posture", "host"]], want: true },
    { reads: [["posture", "host", "secure_boot"]], want: true },
    { reads: [["posture", "failed"], ["message"]], want: false },
    { reads: [[]], want: true },
    { reads: [["posture", "__proto__"]], want: true },
  ])("of input.posture.host by a policy that reads $reads: $want", ({ reads, want }) => {
    expect(canRead(reads, ["posture", "host"])).toBe(want);
  });
});

/** A host of which everything is known; notes what it is asked for. */
function knownHost(denies = false) {
  const asked: (readonly PosturePart[])[] = [];
  const posture: Posture = {
    denies,
    view: (parts) => {
      asked.push([...parts]);
      const all = { host: { secure_boot: true }, failed: ["host.unprivileged"] };
      const told = Object.entries(all).filter(([part]) => parts.has(part as PosturePart));
      return () => Object.fromEntries(told);
    },
  };
  return { posture, asked };
}

async function load(portable: string, posture: Posture, bundle: string | null = null) {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const file = join(folder, "policy.yaml");
  await writeFile(file, `policy_id: p\nversion: "1"\ndefault: deny\n${portable}`);
  const policy = { ...config.value.policy, file, bundle };
  const loaded = await createPolicyLoader({ ...config.value, policy }, stillClock, posture).load();
  if (!loaded.ok) return { error: loaded.error.join() };
  if (loaded.value === null) throw new Error("what is read first is new");
  return { value: loaded.value, error: null };
}

describe("what a policy is told of the host", () => {
  test("is which checks deny, with the bundle that ships, and nothing else", async () => {
    const { posture, asked } = knownHost();
    const { value } = await load('allow_rules: [{ tool: "*" }]', posture);
    expect(asked).toEqual([["failed"]]);
    const input = value?.input.build(call("t", {}));
    expect(input?.posture).toEqual({ failed: ["host.unprivileged"] });
    const decision = input && value?.engine.decide(input);
    expect(decision?.ok && decision.value.reasons.map(({ code }) => code)).toEqual([
      "posture_failed",
    ]);
  });

  test("is what a portable rule asks for, beside it", async () => {
    const { posture, asked } = knownHost();
    const rule = 'allow_rules: [{ tool: "*", posture: { host: { secure_boot: true } } }]';
    const { value } = await load(rule, posture);
    expect(asked).toEqual([["host", "failed"]]);
    const input = value?.input.build(call("t", {}));
    expect(input?.rules).toEqual([{ rule: "allow/0", fit: true, failed: [] }]);
  });
});

test("a bundle that never asks which checks deny does not load where some do", async () => {
  const bundle = join(folder, "bundle.tar.gz");
  await writeFile(bundle, await buildBundleWithout("posture_failed"));
  const rules = 'allow_rules: [{ tool: "*" }]';
  expect((await load(rules, knownHost().posture, bundle)).error).toBe(null);
  expect((await load(rules, knownHost(true).posture, bundle)).error).toContain(
    "does not read input.posture.failed",
  );
  expect((await load(rules, knownHost(true).posture)).error).toBe(null);
});

import { beforeAll, describe, expect, test } from "vitest";
import type { PolicyInput } from "../../../src/core/policy.ts";
import type { Clock } from "../../../src/core/ports.ts";
import { type Bundle, readBundle } from "../../../src/policy/bundle.ts";
import { createPolicyEngine, type PolicyEngineOptions } from "../../../src/policy/engine.ts";
import { createInputBuilder } from "../../../src/policy/input.ts";
import { instantiate } from "../../../src/policy/instance.ts";
import { compilePortable } from "../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../src/policy/portable/parse.ts";
import { buildBundle, buildDefaultBundle } from "./build-bundle.ts";
import { call, stillClock } from "./examples.ts";

const NO_LOOKS = { reads: null, compared: [], numbers: [] };
const NO_PATTERNS = { facts: () => ({}) };
const OPTIONS: PolicyEngineOptions = { clock: stillClock, budgetMs: 100 };
const OBLIGATIONS = '{"redact": [], "remove": [], "audit": "keys", "headers": {}}';

async function bundleOf(rules: string): Promise<Bundle> {
  const header = "package mcp.firewall\n\n# METADATA\n# entrypoint: true\n# scope: document\n";
  return unpack(await buildBundle({ "mcp/firewall/firewall.rego": header + rules }));
}

async function unpack(bytes: Uint8Array): Promise<Bundle> {
  const bundle = await readBundle(bytes);
  if (!bundle.ok) throw new Error(bundle.error.detail);
  return bundle.value;
}

async function engineOf(bundle: Bundle, options: PolicyEngineOptions = OPTIONS) {
  const engine = await createPolicyEngine(bundle, null, options);
  if (!engine.ok) throw new Error(engine.error.detail);
  return engine.value;
}

function portableOf(text: string) {
  const policy = parsePortable(text, "policy.yaml");
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return compilePortable(policy.value);
}

function inputOf(args: unknown): PolicyInput {
  const builder = createInputBuilder({
    engineRevision: "sha256:0",
    portable: null,
    roots: [],
    clock: stillClock,
  });
  return builder.build(call("read_file", args));
}

const decision = (allow: string) =>
  `decision := {"allow": ${allow}, "reasons": [], "obligations": ${OBLIGATIONS}}`;

describe("createPolicyEngine refuses", () => {
  test("a policy that is no WebAssembly", async () => {
    const bundle: Bundle = {
      revision: "r",
      digest: "d",
      wasm: new TextEncoder().encode("nonsense"),
      data: {},
      patterns: NO_PATTERNS,
      looks: NO_LOOKS,
    };
    const engine = await createPolicyEngine(bundle, null, OPTIONS);
    expect(engine).toMatchObject({ ok: false, error: { code: "policy_not_loadable" } });
  });

  test("a module cut short", async () => {
    const bundle = await bundleOf(decision("true"));
    const cut = { ...bundle, wasm: bundle.wasm.subarray(0, 50_000) };
    const engine = await createPolicyEngine(cut, null, OPTIONS);
    expect(engine).toMatchObject({ ok: false, error: { code: "policy_not_loadable" } });
  });

  test("a module that is no policy", async () => {
    const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const bundle: Bundle = {
      ...{ revision: "r", digest: "d", wasm, data: {} },
      ...{ patterns: NO_PATTERNS, looks: NO_LOOKS },
    };
    const engine = await createPolicyEngine(bundle, null, OPTIONS);
    expect(engine).toMatchObject({ ok: false, error: { code: "policy_not_loadable" } });
  });

  test("a policy that needs built-ins nobody supplies, by their names", async () => {
    const bundle = await bundleOf(
      `${decision("_fresh")}\n\n_fresh if {\n\ttime.now_ns() > 0\n\tcrypto.sha256("a") != "b"\n}\n`,
    );
    expect(await createPolicyEngine(bundle, null, OPTIONS)).toEqual({
      ok: false,
      error: {
        code: "built_in_missing",
        detail: "the policy calls built-ins that are not there: crypto.sha256, time.now_ns",
      },
    });
  });

  test("a policy with another entrypoint", async () => {
    const rego = "package other\n\n# METADATA\n# entrypoint: true\nanswer := 42\n";
    const bundle = await unpack(await buildBundle({ "other.rego": rego }));
    const engine = await createPolicyEngine(bundle, null, OPTIONS);
    expect(engine).toMatchObject({ ok: false, error: { code: "entrypoint_missing" } });
  });
});

describe("decide", () => {
  test("tells allow from deny", async () => {
    const engine = await engineOf(await bundleOf(decision("input.message.arguments.open")));
    expect(engine.decide(inputOf({ open: true }))).toMatchObject({ value: { allow: true } });
    expect(engine.decide(inputOf({ open: false }))).toMatchObject({ value: { allow: false } });
  });

  test.each([
    {
      title: "an undefined decision",
      rule: "decision := 1 if input.v == 2",
      code: "policy_undefined",
    },
    { title: "a decision that is true", rule: "decision := true", code: "policy_malformed" },
    { title: "an allow that is a text", rule: decision('"yes"'), code: "policy_malformed" },
    {
      title: "a misspelt obligation",
      rule: decision("true").replace("redact", "redcat"),
      code: "policy_malformed",
    },
    {
      title: "two decisions at once",
      rule: `${decision("true")}\n\n${decision("false")}`.replace(
        /decision := (.*)$/gm,
        "decision := $1 if input.v == 1",
      ),
      code: "policy_failed",
    },
    {
      title: "memory that runs out",
      rule: decision("count(numbers.range(1, 100000000)) > 0"),
      code: "policy_failed",
    },
  ])("answers $title with a fault, every time", async ({ rule, code }) => {
    const engine = await engineOf(await bundleOf(rule));
    for (let time = 0; time < 3; time++) {
      const answer = engine.decide(inputOf({}));
      expect(answer).toEqual({ ok: false, error: { code, detail: expect.any(String) } });
    }
  });

  test("decides the next message after one that failed", async () => {
    const rule = `decision := {"allow": _half, "reasons": [], "obligations": ${OBLIGATIONS}}

_half := true if input.v == 1

_half := false if input.message.arguments.fail
`;
    const engine = await engineOf(await bundleOf(rule));
    expect(engine.decide(inputOf({ fail: true }))).toMatchObject({
      error: { code: "policy_failed" },
    });
    expect(engine.decide(inputOf({}))).toMatchObject({ ok: true, value: { allow: true } });
  });

  test("answers late with a fault, and in time with the decision", async () => {
    const bundle = await bundleOf(decision("true"));
    const taking = (ms: number): Clock => {
      let now = 0;
      return { now: () => 0, monotonic: () => (now += ms) };
    };
    const late = await engineOf(bundle, { clock: taking(101), budgetMs: 100 });
    expect(late.decide(inputOf({}))).toMatchObject({ error: { code: "policy_late" } });
    const inTime = await engineOf(bundle, { clock: taking(100), budgetMs: 100 });
    expect(inTime.decide(inputOf({}))).toMatchObject({ value: { allow: true } });
  });
});

describe("the default bundle", () => {
  let bundle: Bundle;

  beforeAll(async () => {
    bundle = await unpack(await buildDefaultBundle());
  });

  test("needs no built-in that is not native, and denies without a policy", async () => {
    const engine = await engineOf(bundle);
    expect(engine.decide(inputOf({}))).toMatchObject({
      ok: true,
      value: { allow: false, reasons: [{ code: "not_allowed", layer: "policy" }] },
    });
  });

  test("has a revision that any change of policy changes", async () => {
    const policy = 'policy_id: a\nversion: "1"\ndefault: deny\n';
    const revisions = await Promise.all(
      [
        { portable: null, data: {} },
        { portable: portableOf(policy), data: {} },
        { portable: portableOf(policy.replace("deny", "allow")), data: {} },
        { portable: null, data: { banned_tools: ["shell"] } },
      ].map(async ({ portable, data }) => {
        const engine = await createPolicyEngine(bundle, portable, { ...OPTIONS, data });
        return engine.ok ? engine.value.revision : "";
      }),
    );
    expect(new Set(revisions).size).toBe(4);
    for (const revision of revisions) expect(revision).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("takes the operator's data over its own, member by member", async () => {
    const portable = portableOf('policy_id: a\nversion: "1"\ndefault: allow\n');
    const data = { banned_tools: ["read_file"], limits: { max_entropy: 9 } };
    const engine = await createPolicyEngine(bundle, portable, { ...OPTIONS, data });
    if (!engine.ok) throw new Error(engine.error.detail);
    const answer = engine.value.decide(inputOf({}));
    expect(answer).toMatchObject({ value: { allow: false, reasons: [{ code: "banned_tool" }] } });
  });

  test("keeps its memory over thousands of inputs that grow and shrink", async () => {
    const instance = instantiate(
      await WebAssembly.compile(Uint8Array.from(bundle.wasm)),
      bundle.data,
    );
    if (!instance.ok) throw new Error(instance.error.detail);
    const inputs = [1, 10, 100, 10_000].map((count) => ({
      ...inputOf({}),
      rules: Array.from({ length: count }, (_, at) => ({ rule: `r${at}`, fit: true, failed: [] })),
    }));
    const texts = inputs.map((input) => JSON.stringify(input));
    for (const text of texts) instance.value.evaluate(text);
    const grown = instance.value.memoryBytes;
    for (let at = 0; at < 5000; at++) {
      instance.value.evaluate(texts[at % 100 === 0 ? 3 : at % 3] ?? "");
    }
    expect(instance.value.memoryBytes).toBe(grown);
  });
});

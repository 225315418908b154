import { describe, expect, test } from "vitest";
import type { PostureFacts } from "../../../../src/core/posture.ts";
import { compilePortable } from "../../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";
import { PROVENANCE } from "../../../../src/policy/provenance.ts";

const CALL = { server: "s", method: "tools/call", tool: "t", uri: null };

function compiled(rules: string) {
  const policy = parsePortable(`policy_id: p\nversion: "1"\ndefault: deny\n${rules}`, "p.yaml");
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return compilePortable(policy.value);
}

function outcome(rules: string, posture?: PostureFacts): string {
  const given = posture === undefined ? {} : { posture };
  const [fact] = compiled(rules).match({ ...CALL, arguments: undefined, ...given });
  return fact?.fit === true ? "fits" : (fact?.failed.map(({ check }) => check).join() ?? "none");
}

const SECURE = 'allow_rules: [{ tool: "*", posture: { host: { secure_boot: true } } }]';
const ROOT = 'deny_rules: [{ tool: "*", posture: { host: { unprivileged: false } } }]';
const BOTH =
  'allow_rules: [{ tool: "*", posture: { device: { compliant: true }, integrity: { s: true } } }]';

describe("a rule that asks for the host's posture", () => {
  test.each<readonly [rules: string, posture: PostureFacts | undefined, want: string]>([
    [SECURE, { host: { secure_boot: true } }, "fits"],
    [SECURE, { host: { secure_boot: false } }, "posture"],
    [SECURE, { host: {} }, "unjudged"],
    [SECURE, {}, "unjudged"],
    [SECURE, undefined, "unjudged"],
    [SECURE, { host: { secure_boot: "true" } }, "unjudged"],
    [SECURE, { host: null }, "unjudged"],
    [SECURE, { external: { secure_boot: true } }, "unjudged"],
    [ROOT, { host: { unprivileged: false } }, "fits"],
    [ROOT, { host: { unprivileged: true } }, "posture"],
    [ROOT, { host: {} }, "unjudged"],
    [BOTH, { device: { compliant: true }, integrity: { s: true } }, "fits"],
    [BOTH, { device: { compliant: true }, integrity: { s: false } }, "posture"],
    [BOTH, { device: {}, integrity: { s: true } }, "unjudged"],
  ])("%s, of %j: %s", (rules, posture, want) => {
    expect(outcome(rules, posture)).toBe(want);
  });

  test("says which parts of it have to be told, and a policy without one asks for none", () => {
    expect(compiled(BOTH).asksForPosture).toEqual(["device", "integrity"]);
    expect(compiled('allow_rules: [{ tool: "*" }]').asksForPosture).toEqual([]);
  });

  test("holds for what is listed too", () => {
    const item = { ...CALL, isTemplate: false };
    const fits = (posture: PostureFacts) =>
      compiled(SECURE)
        .matchItem({ ...item, posture })
        .map(({ fit }) => fit);
    expect(fits({ host: { secure_boot: true } })).toEqual([true]);
    expect(fits({ host: { secure_boot: false } })).toEqual([false]);
  });

  test("holds for what a server may ask of a client, as the host is now", () => {
    const policy = compiled(
      "allow_rules: [{ method: roots/list, posture: { host: { secure_boot: true } } }]",
    );
    const asked = (posture: PostureFacts) =>
      policy.serverRequests("s", PROVENANCE.response.none, posture)["roots/list"];
    expect(asked({ host: { secure_boot: true } })).toEqual(["allow/0"]);
    expect(asked({ host: { secure_boot: false } })).toEqual([]);
    expect(asked({ host: { secure_boot: true } })).toEqual(["allow/0"]);
  });
});

test("what is no word on posture is a mistake", () => {
  const policy = parsePortable(
    [
      'policy_id: p\nversion: "1"\ndefault: deny\nallow_rules:',
      "  - { tool: a, posture: {} }",
      "  - { tool: a, posture: { host: {} } }",
      "  - { tool: a, posture: { host: { secure_boot: yes please } } }",
      "  - { tool: a, posture: { hosts: { secure_boot: true } } }",
      "  - { tool: a, posture: { host: { Secure: true } } }",
      "  - { tool: a, posture: [host] }",
    ].join("\n"),
    "p.yaml",
  );
  expect(policy.ok).toBe(false);
  if (policy.ok) return;
  expect(policy.error.map(({ path }) => path)).toEqual([
    "allow_rules[0].posture",
    "allow_rules[1].posture.host",
    "allow_rules[2].posture.host.secure_boot",
    "allow_rules[3].posture.hosts",
    "allow_rules[4].posture.host.Secure",
    "allow_rules[5].posture",
  ]);
});

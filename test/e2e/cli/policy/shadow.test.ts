/** What rules in shadow would have said, and what `modes` names, as the workbench tells it. */

import { describe, expect, test, vi } from "vitest";

import { toolCall } from "../../../support/messages.ts";
import { createAuthor, OFFICE, OFFICE_DATA, policy } from "./author.ts";
import { recordDecisions } from "./record.ts";

/** Many processes, one after the other, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const POLICY = `policy_id: crm
version: "1"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules:
  - { tool: "export_*", reason: Exports are looked at first., mode: shadow }
  - { tool: "delete_*" }
modes:
  rules: { not_allowed: enforce }
`;

const CALL = "message: { method: tools/call, params: { name: export_all } }";
const TABLE = `policy: policy.yaml
given: { server: crm }
tests:
  - name: an export is only told
    given: { ${CALL} }
    expect: { allow: true, shadow: [policy_denied] }
  - name: what nobody minds has nothing to tell
    given: { message: { method: tools/call, params: { name: read } } }
    expect: { allow: true, shadow: [] }
`;

describe("impedance policy test", () => {
  test("tells what a rule in shadow would have denied, and holds it to what was expected", async () => {
    await using author = await createAuthor({ "policy.yaml": POLICY, "crm_test.yaml": TABLE });
    const file = author.path("crm_test.yaml");
    const { code, stdout } = await policy(["test", author.folder]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${file}:4:5: an export is only told: would deny: policy_denied (deny/0)\n2 tests, 0 failed\n`,
    });
    const { json } = await policy(["test", author.folder, "--format", "json"]);
    const [told, silent] = json.tables[0].results;
    expect(told.shadow).toMatchObject([{ code: "policy_denied", rule: "deny/0" }]);
    expect(silent).not.toHaveProperty("shadow");

    await author.write("crm_test.yaml", TABLE.replace("shadow: []", "shadow: [policy_denied]"));
    const failed = await policy(["test", author.folder]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('shadow: expected ["policy_denied"], got []');
  });
});

describe("impedance policy explain", () => {
  const SECTION = `would be denied, were these rules not in shadow:
  - policy_denied (deny/0): Exports are looked at first.
    fact: the rule deny/0 (policy.yaml:6:5: tool: export_*) fits
`;

  test("tells of a message which rule in shadow would have denied it, and by which fact", async () => {
    const call = JSON.stringify(toolCall(1, {}, "export_all"));
    await using author = await createAuthor({ "policy.yaml": POLICY, "call.json": call });
    const file = author.path("policy.yaml");
    const { stdout } = await policy(["explain", author.path("call.json"), "--policy", file]);
    const text = stdout.replaceAll(file, "policy.yaml");
    expect(text).toContain("ALLOWED");
    expect(text).toContain(SECTION);
    await author.write("call.json", JSON.stringify(toolCall(1, {}, "read")));
    const plain = await policy(["explain", author.path("call.json"), "--policy", file]);
    expect(plain.stdout).not.toContain("shadow");
  });

  test("tells the same of a decision in the log", async () => {
    await using author = await createAuthor({ "policy.yaml": POLICY });
    const file = author.path("policy.yaml");
    const lines = await recordDecisions(file, "crm", [toolCall(1, {}, "export_all")]);
    const log = await author.write("log.jsonl", `${lines.join("\n")}\n`);
    const id: string = JSON.parse(lines[0] ?? "").decision_id;
    const { stdout } = await policy(["explain", id, "--log", log, "--policy", file]);
    expect(stdout.replaceAll(file, "policy.yaml")).toContain(SECTION);
  });
});

describe("impedance policy lint", () => {
  async function linted(files: { readonly [name: string]: string }, ...more: readonly string[]) {
    await using author = await createAuthor(files);
    const args = ["--ignore", "untested_rule", "--format", "json", ...more];
    const { json } = await policy(["lint", author.folder, ...args]);
    const findings: readonly { [field: string]: string | number }[] = json.findings ?? [];
    return findings.map(({ code, line, column, message, remedy }) => {
      return `${line}:${column} ${code} ${message}; ${remedy}`;
    });
  }

  const withModes = (modes: string) =>
    `policy_id: p\nversion: "1"\ndefault: deny\nallow_rules: [{ tool: read }]\n${modes}`;

  test("finds a name in modes.rules that no rule has, and the one that was meant", async () => {
    const modes =
      "modes:\n  rules:\n    high_entropi: shadow\n    high_entropy: shadow\n    zzz: off\n";
    expect(await linted({ "policy.yaml": withModes(modes) })).toEqual([
      "7:5 unknown_rule modes.rules names a rule that the bundle does not have: high_entropi; did you mean high_entropy?",
      "9:5 unknown_rule modes.rules names a rule that the bundle does not have: zzz; correct the name; docs/rules.md lists those that ship",
    ]);
  });

  test("knows default deny, and the author's own rules", async () => {
    const modes = "modes: { rules: { not_allowed: shadow, acme: shadow } }\n";
    const rules = { "acme.rego": OFFICE, "impedance/data.json": OFFICE_DATA };
    const found = await linted({ "policy.yaml": withModes(modes), ...rules });
    expect(found).toEqual([]);
  });

  test("finds rules that are off, wherever it is said", async () => {
    const modes = `deny_rules: [{ tool: write, mode: off }]
modes:
  rules:
    oversize: off
    allow/0: off
    high_entropy: shadow
`;
    expect(await linted({ "policy.yaml": withModes(modes) })).toEqual([
      "4:15 rule_off allow/0 is off: it is not asked, and nothing tells what it would have said; remove it, or enforce it",
      "5:14 rule_off deny/0 is off: it is not asked, and nothing tells what it would have said; remove it, or try it in shadow",
      "8:5 rule_off oversize is off: it is not asked, and nothing tells what it would have said; remove it, or try it in shadow",
    ]);
  });
});

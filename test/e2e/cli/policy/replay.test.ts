import { describe, expect, test } from "vitest";

import { generateAnalystKeys } from "../../../../src/audit/analyst.ts";
import { toolCall, toolResult } from "../../../support/messages.ts";
import { createAuthor, OFFICE, OFFICE_DATA, policy } from "./author.ts";
import { recordDecisions } from "./record.ts";

const head = 'policy_id: p\nversion: "1"\ndefault: deny\n';
const OLD = `${head}allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: shell, reason: No shells. }]
`;

/** What `impedance policy replay` makes of a log that OLD wrote. */
async function replayed(messages: readonly object[], policyText: string, args: string[] = []) {
  await using author = await createAuthor({ "old.yaml": OLD, "new.yaml": policyText });
  const lines = await recordDecisions(author.path("old.yaml"), "crm", messages);
  const log = await author.write("log.jsonl", `{"kind":"head"}\n${lines.join("\n")}\n`);
  const given = ["replay", log, "--policy", author.path("new.yaml"), ...args];
  const { code, json } = await policy([...given, "--format", "json"]);
  const ids: string[] = lines.map((line) => JSON.parse(line).decision_id);
  return { code, json, ids };
}

const CALLS = [
  toolCall(1, { path: "a" }, "read"),
  toolCall(2, { path: "b" }, "read"),
  toolCall(3, { path: "c" }, "write"),
  toolCall(4, {}, "shell"),
];

describe("impedance policy replay", () => {
  test("finds nothing to tell of the policy that decided", async () => {
    const { code, json } = await replayed(CALLS, OLD, ["--strict"]);
    expect({ code, json }).toEqual({
      code: 0,
      json: {
        ...{ ok: true, decisions: 4, same: 4, different: 0, other_reason: 0, undecidable: 0 },
        ...{ not_by_policy: 0, unreadable: 0, groups: [] },
      },
    });
  });

  test("groups what would differ, with counts and examples, and exits 1", async () => {
    const text = `${head}allow_rules: [{ tool: write }, { tool: shell }]\n`;
    const { code, json, ids } = await replayed(CALLS, text);
    const about = { kind: "different", server: "crm", method: "tools/call" };
    expect(code).toBe(1);
    expect(json).toMatchObject({ ok: false, same: 1, different: 3 });
    expect(json.groups).toEqual([
      {
        ...{ ...about, tool: "read", from: "allow", to: "deny", count: 2 },
        ...{ reason: "not_allowed (mcp.rules.not_allowed)", examples: [ids[0], ids[1]] },
      },
      {
        ...{ ...about, tool: "shell", from: "deny", to: "allow", count: 1 },
        ...{ reason: "policy_denied (deny/0)", examples: [ids[3]] },
      },
    ]);
  });

  test.each([
    {
      title: "a pattern on an argument that the log does not hold",
      rule: '{ tool: read, constraints: { path: { pattern: "^a" } } }',
      expected: { same: 1, different: 1, undecidable: 2 },
      code: 1,
    },
    {
      title: "an argument that is required, and its name is in the log",
      rule: "{ tool: read, constraints: { path: { required: true } } }",
      expected: { same: 3, different: 1, undecidable: 0 },
      code: 1,
    },
    {
      title: "an argument that is required, and its name is not in the log",
      rule: '{ tool: "*", constraints: { mode: { required: true, pattern: "^a" } } }',
      expected: { same: 1, different: 3, undecidable: 0 },
      code: 1,
    },
    {
      title: "a rule about whose word the caller is, for the log has it",
      rule: '{ tool: "*", provenance: { principal.id: [TOKEN] } }',
      expected: { same: 4, different: 0, undecidable: 0 },
      code: 0,
    },
    {
      title: "a rule about a caller who came by another way",
      rule: '{ tool: "*", provenance: { principal.id: [MTLS] } }',
      expected: { same: 1, different: 3, undecidable: 0 },
      code: 1,
    },
    {
      title: "a value that decides nothing, since another rule allows",
      rule: '{ tool: "*" }, { tool: read, constraints: { path: { pattern: "^a" } } }',
      expected: { same: 4, different: 0, undecidable: 0 },
      code: 0,
    },
  ])("knows what it cannot know: $title", async ({ rule, expected, code }) => {
    const denied = "deny_rules: [{ tool: shell }]\n";
    const result = await replayed(CALLS, `${head}allow_rules: [${rule}]\n${denied}`);
    expect(result.json).toMatchObject(expected);
    expect(result.code).toBe(code);
  });

  test("reads values that the log was told to keep", async () => {
    await using author = await createAuthor({
      "old.yaml": `${head}allow_rules: [{ tool: "*", audit: full }]\n`,
      "new.yaml": `${head}allow_rules: [{ tool: read, constraints: { path: { pattern: "^a" } } }]\n`,
    });
    const lines = await recordDecisions(author.path("old.yaml"), "crm", CALLS.slice(0, 2));
    const { code, json } = await policy(
      ["replay", "-", "--policy", author.path("new.yaml"), "--format", "json"],
      lines.join("\n"),
    );
    expect({ code, json }).toMatchObject({
      code: 1,
      json: { same: 1, different: 1, undecidable: 0 },
    });
  });

  test("takes undecidable for a difference only if asked to", async () => {
    const text = `${OLD.replace("shell", 'read, constraints: { path: { pattern: "^z" } }')}`;
    const [first] = CALLS;
    const { code, json } = await replayed([first ?? {}], text);
    expect({ code, undecidable: json.undecidable }).toEqual({ code: 0, undecidable: 1 });
    expect(json.groups[0]).toMatchObject({
      ...{ kind: "undecidable", from: "allow", to: "undecidable" },
      reason: "/params/arguments/path",
    });
    expect((await replayed([first ?? {}], text, ["--strict"])).code).toBe(1);
  });

  test("leaves alone what the firewall refused itself, and reads what a log may hold", async () => {
    await using author = await createAuthor({ "old.yaml": OLD });
    const file = author.path("old.yaml");
    const [call] = await recordDecisions(file, "crm", [toolCall(1, {}, "read")]);
    const [result] = await recordDecisions(file, "crm", [toolResult(1, "x")], {
      direction: "response",
    });
    const refused = JSON.stringify({
      ...JSON.parse(call ?? "{}"),
      result: { allow: false, reasons: [{ code: "guard_fault", layer: "firewall", rule: "x" }] },
    });
    const log = [call, result, refused, "no json", '{"kind":"checkpoint"}', ""].join("\n");
    const { json } = await policy(["replay", "-", "--policy", file, "--format", "json"], log);
    expect(json).toMatchObject({ decisions: 3, same: 2, not_by_policy: 1, unreadable: 1 });
  });

  test("lets nothing pass that a person has yet to agree to", async () => {
    const asking = OLD.replace('{ tool: "*" }', '{ tool: "*", approve: true }');
    const { json } = await replayed(CALLS, asking);
    expect(json).toMatchObject({ same: 1, different: 3 });
    expect(json.groups[0]).toMatchObject({
      ...{ tool: "read", from: "allow", to: "deny", count: 2 },
      reason: "approval_required (allow/0)",
    });

    await using author = await createAuthor({ "asking.yaml": asking });
    const file = author.path("asking.yaml");
    const lines = await recordDecisions(file, "crm", CALLS);
    const said = lines.map((line) => line.replaceAll("approval_required", "approval_denied"));
    for (const decisions of [lines, said]) {
      const log = await author.write("log.jsonl", decisions.join("\n"));
      const given = ["replay", log, "--policy", file, "--strict", "--format", "json"];
      expect(await policy(given)).toMatchObject({ code: 0, json: { same: 4 } });
    }
  });

  test("does not guess what Rego of an author's own would say of values that are gone", async () => {
    const rego = OFFICE.replace('input.message.tool == "pay"', 'input.message.arguments.to == "x"');
    await using author = await createAuthor({
      "old.yaml": OLD,
      "src/acme.rego": rego,
      "src/impedance/data.json": OFFICE_DATA,
    });
    const bundle = author.path("bundle.tar.gz");
    expect((await policy(["build", author.path("src"), "-o", bundle])).code).toBe(0);
    const calls = [toolCall(1, { to: "x" }, "pay"), toolCall(2, {}, "pay")];
    const lines = await recordDecisions(author.path("old.yaml"), "bank", calls);
    const log = await author.write("log.jsonl", lines.join("\n"));
    const { json } = await policy([
      ...["replay", log, "--policy", author.path("old.yaml"), "--bundle", bundle],
      ...["--format", "json"],
    ]);
    expect(json).toMatchObject({ decisions: 2, same: 1, undecidable: 1 });
    expect(json.groups[0].reason).toBe("/message/arguments");
  });

  test("decides on arguments that were kept for whoever has the key", async () => {
    const { privateKey, publicKey } = generateAnalystKeys();
    const text = OLD.replace("shell", 'read, constraints: { path: { pattern: "^z" } }');
    await using author = await createAuthor({ "old.yaml": OLD, "new.yaml": text });
    const key = await author.write("analyst.key", privateKey);
    const other = await author.write("other.key", generateAnalystKeys().privateKey);
    const calls = ["a", "z", `z${"y".repeat(400)}`].map((path) => toolCall(1, { path }, "read"));
    const lines = await recordDecisions(author.path("old.yaml"), "crm", calls, {
      analystKey: publicKey,
    });
    expect(lines.join()).not.toContain("yyyy");
    const log = await author.write("log.jsonl", lines.join("\n"));
    const given = ["replay", log, "--policy", author.path("new.yaml"), "--format", "json"];
    const opened = await policy([...given, "--analyst-key", key]);
    expect(opened.json).toMatchObject({ same: 1, different: 2, undecidable: 0 });
    for (const args of [given, [...given, "--analyst-key", other]]) {
      expect((await policy(args)).json).toMatchObject({ different: 0, undecidable: 3 });
    }
    const wrong = [...given.slice(0, 4), "--analyst-key", log];
    expect((await policy(wrong)).code).toBe(2);
  });

  test("does not pass where there was nothing to replay", async () => {
    await using author = await createAuthor({ "old.yaml": OLD, "empty.jsonl": "" });
    const given = ["--policy", author.path("old.yaml")];
    expect((await policy(["replay", author.path("empty.jsonl"), ...given])).code).toBe(1);
    expect((await policy(["replay", author.path("nowhere"), ...given])).code).toBe(1);
    expect((await policy(["replay", author.path("empty.jsonl")])).code).toBe(2);
    expect((await policy(["replay", ...given])).code).toBe(2);
  });
});

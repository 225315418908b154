import { describe, expect, test } from "vitest";

import { SECRET, toolCall } from "../../../support/messages.ts";
import { createAuthor, OFFICE, OFFICE_DATA, policy } from "./author.ts";
import { recordDecisions } from "./record.ts";

const POLICY = `policy_id: crm
version: "1"
default: deny
allow_rules:
  - tool: get_user
    server: crm
    roles: [support]
    constraints: { user_id: { type: string, required: true, pattern: "^EMP[0-9]{6}$" } }
  - { tool: "delete_*" }
  - { tool: note }
deny_rules:
  - { tool: "delete_*", reason: Nobody deletes. }
`;

async function explained(message: object, args: readonly string[] = []) {
  await using author = await createAuthor({
    "policy.yaml": POLICY,
    "call.json": JSON.stringify(message),
  });
  const given = [author.path("call.json"), "--policy", author.path("policy.yaml")];
  const { code, stdout, stderr } = await policy(["explain", ...given, "--server", "crm", ...args]);
  return { code, stderr, text: stdout.replaceAll(author.path("policy.yaml"), "policy.yaml") };
}

describe("impedance policy explain", () => {
  test("tells which argument and which role an allow rule lacks, having tried both", async () => {
    const { code, stderr, text } = await explained(toolCall(1, { user_id: "x" }, "get_user"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(text).toBe(`tools/call get_user on crm, by anonymous@crm (no roles): DENIED

not_allowed (mcp.rules.not_allowed): No rule allows this.
  rule: The firewall's decision: Asks every package under \`mcp.rules\` and weighs what they say: a message passes if at least one of them allows it and none has a reason against it.
  fact: allow/0 (policy.yaml:5:5: tool: get_user, server: crm, roles: support) nearly fits: /params/arguments/user_id does not match ^EMP[0-9]{6}$; the caller does not hold support
  remedy: Add an allow rule for it to the policy (allow_rules, by tool or by method).

what would change it:
  - if allow/0 fitted: /params/arguments/user_id were as it asks, and the caller held support: it would be allowed
`);
  });

  test("tells the rule that denies and the fact behind each reason, and what would help", async () => {
    const { text } = await explained(toolCall(1, { path: "../../etc/x" }, "delete_user"));
    expect(text).toContain("fact: the rule deny/0 (policy.yaml:12:5: tool: delete_*) fits");
    expect(text).toContain("fact: the path at /params/arguments/path climbs out of its folder");
    expect(text).toContain("would be allowed by:\n  - allow/1 (policy.yaml:9:5: tool: delete_*)");
    expect(text).toContain("if deny/0 did not fit: still denied: path_traversal");
    expect(text).toContain(
      "if deny/0 did not fit, and the path at /params/arguments/path did not: it would be allowed",
    );
  });

  test("says what allows a message, and what Layer 1 did", async () => {
    const { text } = await explained(toolCall(1, { text: SECRET }, "note"));
    expect(text).toBe(`tools/call note on crm, by anonymous@crm (no roles): ALLOWED

allowed by:
  - allow/2 (policy.yaml:10:5: tool: note)

note:
  - Layer 1 (secrets) took out aws-access-key-id at /params/arguments/text
`);
    expect((await explained({ method: "tools/list" })).text).toContain("a rule of the bundle");
  });

  test("does not take for a way out that a person may agree", async () => {
    const asking = POLICY.replace("tool: note }", "tool: note, approve: true }");
    await using author = await createAuthor({
      "policy.yaml": asking,
      "call.json": JSON.stringify(toolCall(1, {}, "note")),
    });
    const given = [author.path("call.json"), "--policy", author.path("policy.yaml")];
    const { stdout } = await policy(["explain", ...given, "--server", "crm"]);
    expect(stdout).toContain("approval_required (allow/2)");
    expect(stdout).toContain("remedy: Ask the operator to approve it");
    expect(stdout).not.toContain("it would be allowed");
    expect(stdout).not.toContain("fact:");
  });

  test("shows the rule that is missing where none is near", async () => {
    const { text } = await explained(toolCall(1, {}, "lookup"));
    expect(text).toContain(
      'if allow_rules of the policy held - { tool: "lookup", server: "crm" }: it would be allowed',
    );
  });

  test("explains a rule of an author's own by its annotations and the hour", async () => {
    await using author = await createAuthor({
      "open.yaml": "policy_id: p\nversion: '1'\ndefault: allow\n",
      "src/acme.rego": OFFICE,
      // At no hour at all, whenever this test runs.
      "src/impedance/data.json": OFFICE_DATA.replace('"to":18', '"to":8'),
    });
    const bundle = author.path("bundle.tar.gz");
    expect((await policy(["build", author.path("src"), "-o", bundle])).code).toBe(0);
    const { json } = await policy(
      [
        ...["explain", "-", "--policy", author.path("open.yaml"), "--bundle", bundle],
        ...["--format", "json"],
      ],
      JSON.stringify(toolCall(1, {}, "pay")),
    );
    expect(json).toMatchObject({
      allow: false,
      reasons: [
        {
          code: "closed",
          rule: "mcp.rules.acme",
          title: "Office hours",
          description: "Payments are made while somebody watches.",
        },
      ],
    });
  });

  test("explains a decision of the log from its facts, and says which values are not there", async () => {
    await using author = await createAuthor({ "policy.yaml": POLICY });
    const file = author.path("policy.yaml");

    const [line] = await recordDecisions(file, "crm", [toolCall(1, { user_id: "x" }, "get_user")]);
    const id = JSON.parse(line ?? "{}").decision_id;
    const log = await author.write("decisions.jsonl", `{"kind":"checkpoint","seq":1}\n${line}\n`);
    const { code, stdout } = await policy(["explain", id, "--log", log, "--policy", file]);
    expect(code).toBe(0);
    expect(stdout).toContain("nearly fits: /params/arguments/user_id does not match ^EMP[0-9]{6}$");
    expect(stdout).toContain("the log holds no values: sizes and pseudonyms stand for");
    expect(stdout).toContain("/message/arguments/user_id");

    const other = await author.write("other.yaml", POLICY.replace("crm\n", "other\n"));
    const later = await policy(["explain", id, "--log", log, "--policy", other]);
    expect(later.stdout).toContain("which is another policy than the one given");
    expect(later.stdout).not.toContain("what would change it:");

    const unknown = await policy(["explain", "no-such", "--log", log]);
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("holds no decision"),
    });
  });

  test("says what it needs", async () => {
    expect(await policy(["explain"])).toMatchObject({ code: 2 });
    expect(await policy(["explain", "no-such"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("needs --log FILE"),
    });
  });
});

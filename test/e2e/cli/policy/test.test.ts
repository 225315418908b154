import { describe, expect, test } from "vitest";

import { REDACTED, SECRET } from "../../../support/messages.ts";
import { createAuthor, OFFICE, OFFICE_DATA, policy } from "./author.ts";

const POLICY = `policy_id: crm
version: "1"
default: deny
allow_rules:
  - tool: get_user
    server: crm
    roles: [support]
    constraints: { user_id: { type: string, required: true, pattern: "^EMP[0-9]{6}$" } }
  - { tool: note }
  - { server: web, tool: "*" }
deny_rules:
  - { tool: "delete_*", reason: Nobody deletes. }
deny_flows:
  - { from: crm, to: web }
`;

const TABLE = `policy: policy.yaml
given: { server: crm, principal: { id: ana, roles: [support] } }
tests:
  - name: support may look an employee up
    given: { message: { method: tools/call, params: { name: get_user, arguments: { user_id: EMP000417 } } } }
    expect: { allow: true, codes: [], findings: [] }
  - name: a guest may not
    given:
      principal: { id: eve, roles: [guest] }
      message: { method: tools/call, params: { name: get_user, arguments: { user_id: EMP000417 } } }
    expect: { allow: false, code: not_allowed }
  - name: nobody deletes
    given: { message: { method: tools/call, params: { name: delete_user } } }
    expect: { allow: false, code: policy_denied, rule: deny/0, reason: Nobody deletes. }
  - name: a secret does not leave
    given: { message: { method: tools/call, params: { name: note, arguments: { text: "a ${SECRET}" } } } }
    expect:
      allow: true
      message: { method: tools/call, params: { name: note, arguments: { text: "a ${REDACTED}" } } }
      contains: "a ${REDACTED}"
      not_contains: ["${SECRET}"]
      findings: [{ guard: secrets, kind: aws-access-key-id, action: redacted }]
  - name: a result is cleaned
    given: { direction: response, text: "key ${SECRET}" }
    expect: { allow: true, contains: "key ${REDACTED}" }
  - name: what the CRM returned stays in the CRM
    before:
      - { direction: response, text: "customer CUS77812290" }
    given:
      server: web
      message: { method: tools/call, params: { name: search, arguments: { q: "CUS77812290" } } }
    expect: { allow: false, rule: flow/0 }
  - name: the same number from nowhere passes
    given:
      server: web
      message: { method: tools/call, params: { name: search, arguments: { q: "CUS77812290" } } }
    expect: { allow: true }
  - name: what is no message is refused
    given: { message: "{" }
    expect: { allow: false, code: parse_error }
`;

describe("impedance policy test", () => {
  test("judges tables of messages through both layers", async () => {
    await using author = await createAuthor({ "policy.yaml": POLICY, "crm_test.yaml": TABLE });
    const { code, stdout, stderr } = await policy(["test", author.folder]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "8 tests, 0 failed\n",
      stderr: "",
    });
  });

  test("says in one line where a test is, and what is not as expected", async () => {
    const table = TABLE.replace("allow: true, codes: []", "allow: false, code: not_allowed");
    await using author = await createAuthor({ "policy.yaml": POLICY, "crm_test.yaml": table });
    const file = author.path("crm_test.yaml");
    const { code, stdout } = await policy(["test", file]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      `${file}:4:5: support may look an employee up: allow: expected false, got true; ` +
        'code: expected "not_allowed", got null\n8 tests, 1 failed\n',
    );
    const { json } = await policy(["test", file, "--format", "json"]);
    expect(json.ok).toBe(false);
    expect(json.tables[0].results[0]).toEqual({
      name: "support may look an employee up",
      place: `${file}:4:5`,
      differences: [
        { what: "allow", expected: false, actual: true },
        { what: "code", expected: "not_allowed", actual: null },
      ],
      rules: ["allow/0"],
    });
  });

  test("runs an author's Rego in tables and in Rego tests, at the hour that a test names", async () => {
    const table = `given: { message: { method: tools/call, params: { name: pay } } }
policy: open.yaml
tests:
  - { name: by day, given: { time: "2026-11-21T09:30:00Z" }, expect: { allow: true } }
  - { name: by night, given: { time: "2026-11-21T22:30:00Z" }, expect: { allow: false, code: closed, rule: mcp.rules.acme } }
`;
    const regoTest = `package mcp.rules.acme_test

import data.mcp.rules.acme

test_deny_at_night if {
	count(acme.reasons) == 1 with input as {"message": {"tool": "pay"}, "time": {"hour": 3}}
}
`;
    await using author = await createAuthor({
      "open.yaml": "policy_id: p\nversion: '1'\ndefault: allow\n",
      "acme.rego": OFFICE,
      "impedance/data.json": OFFICE_DATA,
      "office_test.yaml": table,
      "acme_test.rego": regoTest,
    });
    const { code, stdout, stderr } = await policy(["test", author.folder, "--coverage", "60"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^3 tests, 0 failed\ncoverage of your Rego: [\d.]+ %\nnot reached: /);
    expect(stdout).toContain(`${author.path("acme.rego")}:`);
    expect(code).toBe(0);
    expect((await policy(["test", author.folder, "--coverage", "100"])).code).toBe(1);
  });

  test("says all that is wrong with a table, with line and column, and did you mean", async () => {
    const table = `tests:
  - name: x
    given: { mesage: {} }
    expect: { alow: true }
  - { name: y, given: {}, expect: { allow: true } }
`;
    await using author = await createAuthor({ "x_test.yaml": table });
    const { code, stderr } = await policy(["test", author.folder]);
    expect(code).toBe(1);
    const file = author.path("x_test.yaml");
    expect(stderr.split("\n").slice(0, -1)).toEqual([
      `impedance: ${file}:3:14: tests.0.given.mesage is not a known setting; did you mean message?`,
      `impedance: ${file}:4:15: tests.0.expect.alow is not a known setting; did you mean allow?`,
    ]);
    await author.write("x_test.yaml", table.replace("mesage", "message").replace("alow", "allow"));
    expect((await policy(["test", author.folder])).stderr).toBe(
      `impedance: ${file}:5:16: tests.1.given holds no message; add message: { method: …, params: … }, or text: …\n`,
    );
  });

  test("does not take a folder without tests for one whose tests pass", async () => {
    await using author = await createAuthor({ "policy.yaml": POLICY });
    const { code, stderr } = await policy(["test", author.folder]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there are no tests"),
    });
  });
});

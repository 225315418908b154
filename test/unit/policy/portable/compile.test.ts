import { describe, expect, test } from "vitest";
import { member } from "../../../../src/core/json.ts";
import {
  type CompiledPortable,
  compilePortable,
  type PortableSubject,
} from "../../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../../src/policy/portable/parse.ts";
import { jsonObject, jsonText } from "../examples.ts";

function compiled(rules: string): CompiledPortable {
  const policy = parsePortable(`policy_id: t\nversion: "1"\ndefault: deny\n${rules}`, "p.yaml");
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return compilePortable(policy.value);
}

function subject(different: Partial<PortableSubject>): PortableSubject {
  return {
    server: "crm",
    method: "tools/call",
    tool: "get_user",
    uri: null,
    arguments: jsonObject({}).node,
    ...different,
  };
}

function fitting(rules: string, different: Partial<PortableSubject>): readonly string[] {
  const facts = compiled(rules).match(subject(different));
  return facts.map(({ rule, fit, failed }) => (fit ? rule : `${rule} ${failed[0]?.check}`));
}

describe("a selector", () => {
  const rules = `
allow_rules:
  - { tool: get_user }
  - { tool: get_* }
  - { tool: get_user, server: crm* }
  - { method: tools/* }
  - { method: resources/read, uri: "file:///p/*" }
deny_rules:
  - { method: "*", server: hr }
`;
  test.each([
    { title: "an exact name and globs", of: {}, fit: ["allow/0", "allow/2", "allow/1", "allow/3"] },
    { title: "another tool", of: { tool: "get_users" }, fit: ["allow/1", "allow/3"] },
    { title: "other case", of: { tool: "Get_user" }, fit: ["allow/3"] },
    {
      title: "another server",
      of: { server: "hr" },
      fit: ["allow/0", "allow/1", "allow/3", "deny/0"],
    },
    { title: "a prompt of the same name", of: { method: "prompts/get" }, fit: [] },
    { title: "no method", of: { method: null }, fit: [] },
    {
      title: "a URI",
      of: { method: "resources/read", tool: null, uri: "file:///p/a" },
      fit: ["allow/4"],
    },
    { title: "another URI", of: { method: "resources/read", uri: "file:///q/a" }, fit: [] },
    { title: "no URI", of: { method: "resources/read" }, fit: [] },
    {
      title: "a URI that climbs",
      of: { method: "resources/read", uri: "file:///p/%2e%2e/etc/passwd" },
      fit: ["allow/4 unjudged"],
    },
    {
      title: "a URI without end",
      of: { method: "resources/read", uri: `file:///p/${"a".repeat(3000)}` },
      fit: ["allow/4 unjudged"],
    },
    {
      title: "a tool's name without end",
      of: { tool: "get_".repeat(1000) },
      fit: ["allow/1 unjudged", "allow/3"],
    },
  ])("is matched to $title", ({ of, fit }) => {
    expect(fitting(rules, of)).toEqual(fit);
  });
});

describe("a constraint", () => {
  test.each([
    { check: "type: string", holds: ['"a"'], fails: { type: ["1", "null", "[]", "true"] } },
    { check: "type: integer", holds: ["1", "1.0", "-7"], fails: { type: ["1.5", '"1"'] } },
    { check: "type: number", holds: ["1.5"], fails: { type: ['"1"'] } },
    { check: "type: boolean", holds: ["false"], fails: { type: ["null", "0"] } },
    { check: "type: 'null'", holds: ["null"], fails: { type: ["false"] } },
    { check: "type: array", holds: ["[]"], fails: { type: ["{}"] } },
    { check: "type: object", holds: ["{}"], fails: { type: ["[]"] } },
    { check: 'pattern: "^a+$"', holds: ['"aa"'], fails: { pattern: ['"ab"', "1"] } },
    { check: 'pattern: "^a+$"', holds: [], fails: { unjudged: [`"${"a".repeat(9000)}"`] } },
    {
      check: "enum: [a, 1, true]",
      holds: ['"a"', "1", "1.0", "true"],
      fails: { enum: ['"1"', "[]", "null"] },
    },
    {
      check: "enum: [9007199254740991]",
      holds: ["9007199254740991"],
      fails: { enum: ["9007199254740992", "9007199254740993"] },
    },
    { check: "min: 1", holds: ["1", "1e3"], fails: { min: ["0.99", '"2"', "-1e999"] } },
    { check: "max: 1", holds: ["1", "-5"], fails: { max: ["1.01", "1e999", '"0"'] } },
    {
      check: "min_length: 2",
      holds: ['"ab"', "[1,2]", '"😀a"'],
      fails: { min_length: ['"😀"', "[1]", "12"] },
    },
    { check: "max_length: 1", holds: ['"😀"', "[]"], fails: { max_length: ['"ab"', "1"] } },
    {
      check: "items: { items: { type: string, max_length: 2 } }",
      holds: ['[["ab"],[]]'],
      fails: { max_length: ['[["ab"],["abc"]]'], type: ["[[1]]"], items: ['["ab"]'] },
    },
    {
      check: "items: { type: integer }",
      holds: ["[]", "[1,2]"],
      fails: { type: ['[1,"a"]'], items: ["1"] },
    },
    {
      check: "items: { type: integer }",
      holds: [],
      fails: { unjudged: [`[${"1,".repeat(10_000)}1]`] },
    },
  ])("{ $check } holds of $holds", ({ check, holds, fails }) => {
    const policy = compiled(`allow_rules: [{ tool: "*", constraints: { x: { ${check} } } }]`);
    const checksOf = (json: string) => {
      const { node } = jsonText(`{"x":${json}}`);
      return policy.match(subject({ arguments: node }))[0]?.failed.map((failure) => failure.check);
    };
    for (const json of holds) expect([json, checksOf(json)]).toEqual([json, []]);
    for (const [name, values] of Object.entries(fails)) {
      for (const json of values) expect([json, checksOf(json)]).toEqual([json, [name]]);
    }
  });

  test("is asked of what is there, unless it is required", () => {
    const rules = (required: boolean) =>
      `allow_rules: [{ tool: "*", constraints: { a/b: { type: string, required: ${required} } } }]`;
    expect(fitting(rules(false), {})).toEqual(["allow/0"]);
    expect(fitting(rules(false), { arguments: undefined })).toEqual(["allow/0"]);
    expect(compiled(rules(true)).match(subject({ arguments: undefined }))).toEqual([
      {
        rule: "allow/0",
        fit: false,
        failed: [{ at: "/params/arguments/a~1b", check: "required" }],
      },
    ]);
  });

  test("reads an argument called __proto__ like any other", () => {
    const rules = "allow_rules: [{ tool: '*', constraints: { __proto__: { enum: [a] } } }]";
    const { node } = jsonText('{"__proto__":"b"}');
    expect(fitting(rules, { arguments: node })).toEqual(["allow/0 enum"]);
  });
});

test("max_arg_bytes is a deny rule that fits what is larger", () => {
  const policy = compiled("validate: { max_arg_bytes: 10 }");
  const facts = (text: string) =>
    policy.match(
      subject({ arguments: member(jsonText(`{"arguments":${text}}`).node, "arguments") }),
    );
  expect(facts('{"a":"12"}')).toEqual([]);
  expect(facts('{"a":"123"}')).toEqual([{ rule: "validate/max_arg_bytes", fit: true, failed: [] }]);
  expect(policy.data).toMatchObject({
    portable: { rules: { "validate/max_arg_bytes": { effect: "deny" } } },
  });
});

test("the data tells of each rule what it means, and whether it makes a method known", () => {
  const rules = `
allow_rules: [{ method: acme/* }, { method: "*" }, { tool: a, roles: [dev] }]
deny_rules: [{ tool: b, reason: no }]`;
  expect(compiled(rules).data).toEqual({
    portable: {
      policy_id: "t",
      version: "1",
      default: "deny",
      reject_unknown_args: false,
      unknown_methods: "deny",
      rules: {
        "allow/0": { effect: "allow", roles: [], reason: null, methods: true },
        "allow/1": { effect: "allow", roles: [], reason: null, methods: false },
        "allow/2": { effect: "allow", roles: ["dev"], reason: null, methods: false },
        "deny/0": { effect: "deny", roles: [], reason: "no", methods: false },
      },
    },
  });
});

test("a rule that is off is not matched, and one in shadow is matched as one that would deny", () => {
  const rules = `
validate: { max_arg_bytes: 2 }
allow_rules: [{ tool: a, mode: off }, { tool: "*" }]
deny_rules: [{ tool: a, mode: shadow }, { tool: a }, { tool: a, mode: enforce }]
deny_flows: [{ from: crm, mode: shadow }, { from: crm }]
modes:
  servers: { crm: shadow }
  rules: { high_entropy: off, deny/1: off, flow/1: off, validate/max_arg_bytes: shadow }`;
  const policy = compiled(rules);
  const facts = policy.match(subject({ tool: "a", arguments: jsonObject({ x: 1 }).node }));
  const ids = ["deny/0", "deny/2", "allow/1", "validate/max_arg_bytes"];
  expect(facts.map(({ rule }) => rule)).toEqual(ids);
  expect(policy.flows(["crm"], "web").map(({ rule }) => rule)).toEqual(["flow/0"]);
  expect(policy.data).toMatchObject({
    modes: { rules: { high_entropy: "off" }, servers: { crm: "shadow" } },
    portable: {
      rules: {
        "deny/0": { effect: "would_deny", mode: "shadow" },
        "deny/2": { effect: "deny", mode: "enforce" },
        "flow/0": { effect: "would_deny", mode: "shadow" },
        "validate/max_arg_bytes": { effect: "would_deny", mode: "shadow" },
      },
    },
  });
  const data = JSON.parse(JSON.stringify(policy.data));
  expect(Object.keys(data.portable.rules)).toEqual([
    "allow/1",
    "deny/0",
    "deny/2",
    "flow/0",
    "validate/max_arg_bytes",
  ]);
});

test("a clearance is data, and asks for an inventory", () => {
  const policy = compiled("clearance: { default: INTERNAL, roles: { auditor: RESTRICTED } }");
  expect(policy.asksForInventory).toBe(true);
  expect(policy.data).toMatchObject({
    clearance: {
      default: "INTERNAL",
      roles: { auditor: "RESTRICTED" },
      principals: {},
      unclassified: "RESTRICTED",
      redact: [],
    },
  });
});

test("serverRequests names the rules that would fit, by server", () => {
  const policy = compiled(`
allow_rules: [{ method: sampling/*, server: a }, { method: roots/list }]
deny_rules: [{ method: roots/list, server: b }]`);
  const nobody = {};
  const requests = (server: string) => policy.serverRequests(server, nobody);
  expect(requests("a")).toEqual({
    "sampling/createMessage": ["allow/0"],
    "elicitation/create": [],
    "roots/list": ["allow/1"],
  });
  expect(requests("b")["roots/list"]).toEqual(["allow/1", "deny/0"]);
  expect(requests("b")).toBe(requests("b"));
});

test("of a thousand allow rules that do not fit only some are told, and every deny rule", () => {
  const rules = Array.from(
    { length: 1000 },
    () => "  - { tool: '*', constraints: { x: { required: true } } }",
  );
  const policy = compiled(`allow_rules:\n${rules.join("\n")}\ndeny_rules:\n${rules.join("\n")}`);
  const facts = policy.match(subject({}));
  expect(facts.filter(({ rule }) => rule.startsWith("allow/")).length).toBe(32);
  expect(facts.filter(({ rule }) => rule.startsWith("deny/")).length).toBe(1000);
});

describe("an item of a listing", () => {
  const rules = `
allow_rules:
  - { tool: get_*, constraints: { id: { type: string, required: true } } }
  - { method: resources/read, uri: "file:///p/*" }
  - { method: prompts/get, server: crm }
deny_rules:
  - { tool: get_env }
  - { tool: get_user, constraints: { id: { enum: [root] } } }
  - { method: resources/read, uri: "file:///p/secret/*" }
  - { method: "*", server: hr }
`;
  const policy = compiled(rules);
  const item = { server: "crm", tool: null, uri: null, isTemplate: false };
  const tool = (name: string) => ({ ...item, method: "tools/call", tool: name });
  const resource = (uri: string) => ({ ...item, method: "resources/read", uri });
  const template = (uri: string) => ({ ...resource(uri), isTemplate: true });

  test.each([
    { title: "a tool, whatever its arguments will be", of: tool("get_team"), fit: ["allow/0"] },
    { title: "a tool that no call may use", of: tool("get_env"), fit: ["deny/0", "allow/0"] },
    { title: "a tool that some calls may not use", of: tool("get_user"), fit: ["allow/0"] },
    { title: "a tool that no rule names", of: tool("write"), fit: [] },
    { title: "a tool of another server", of: { ...tool("write"), server: "hr" }, fit: ["deny/3"] },
    { title: "a prompt", of: { ...item, method: "prompts/get" }, fit: ["allow/2"] },
    { title: "a resource", of: resource("file:///p/a"), fit: ["allow/1"] },
    { title: "a resource elsewhere", of: resource("file:///q/a"), fit: [] },
    {
      title: "a resource that a deny rule names",
      of: resource("file:///p/secret/a"),
      fit: ["allow/1", "deny/2"],
    },
    { title: "a resource that climbs", of: resource("file:///p/../secret/a"), fit: [] },
    {
      title: "a template, some of which may be read",
      of: template("file:///{x}"),
      fit: ["allow/1"],
    },
    {
      title: "a template, none of which may be read",
      of: template("file:///p/secret/{x}"),
      fit: ["allow/1", "deny/2"],
    },
    { title: "a template elsewhere", of: template("file:///q/{x}"), fit: [] },
    { title: "nothing", of: { ...item, method: null }, fit: [] },
  ])("is matched by what can be said of all its calls: $title", ({ of, fit }) => {
    const facts = policy.matchItem(of);
    expect(facts).toEqual(fit.map((rule) => ({ rule, fit: true, failed: [] })));
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../../src/core/finding.ts";
import { type Classification, NO_TOOL_FACTS } from "../../../src/core/inventory.ts";
import type { PolicyEngine } from "../../../src/core/ports.ts";
import { readBundle } from "../../../src/policy/bundle.ts";
import { createPolicyEngine } from "../../../src/policy/engine.ts";
import {
  createInputBuilder,
  type InputBuilder,
  type InputSubject,
} from "../../../src/policy/input.ts";
import { compilePortable } from "../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../src/policy/portable/parse.ts";
import { buildDefaultBundle } from "./build-bundle.ts";
import { call, request, result, stillClock } from "./examples.ts";

const POLICY = `policy_id: demo
version: "1"
default: deny
validate: { max_arg_bytes: 1000 }
allow_rules:
  - tool: read_*
    constraints: { path: { pattern: "^/projects/", required: true } }
  - { tool: admin_*, roles: [admin] }
  - { tool: echo }
  - { method: resources/read, uri: "file:///projects/*" }
  - { method: acme/run }
  - { method: sampling/createMessage, server: trusted }
deny_rules:
  - { tool: read_log, reason: Logs are private }
  - { tool: echo, constraints: { text: { pattern: "^drop", required: true } } }
`;

interface Stage {
  readonly engine: PolicyEngine;
  readonly builder: InputBuilder;
}
let withPolicy: Stage;
let without: Stage;

beforeAll(async () => {
  const bytes = await buildDefaultBundle();
  withPolicy = await stage(bytes, POLICY);
  without = await stage(bytes, null);
});

async function stage(bytes: Uint8Array, text: string | null): Promise<Stage> {
  const bundle = await readBundle(bytes);
  const policy = text === null ? null : parsePortable(text, "p.yaml");
  if (!bundle.ok || policy?.ok === false) throw new Error("the example does not load");
  const portable = policy === null ? null : compilePortable(policy.value);
  const options = { clock: stillClock, budgetMs: 100 };
  const engine = await createPolicyEngine(bundle.value, portable, options);
  if (!engine.ok) throw new Error(engine.error.detail);
  const builder = createInputBuilder({
    engineRevision: engine.value.revision,
    portable,
    roots: [{ name: "projects", path: "/projects" }],
    clock: stillClock,
  });
  return { engine: engine.value, builder };
}

function codes({ engine, builder }: Stage, subject: InputSubject): readonly string[] {
  const decision = engine.decide(builder.build(subject));
  if (!decision.ok) throw new Error(decision.error.detail);
  expect(decision.value.allow).toBe(decision.value.reasons.length === 0);
  return decision.value.reasons.map(
    ({ code, rule }) => `${code} ${rule.replace("mcp.rules.", "")}`,
  );
}

const ALLOWED: readonly string[] = [];
const admin = { ...call("t", {}).principal, roles: ["admin"] };
const finding: Finding = {
  guard: "secrets",
  kind: "jwt",
  at: "/params/arguments/text",
  action: "found",
  severity: "high",
  length: 9,
  value: null,
};

describe("with a policy", () => {
  test.each([
    {
      title: "a call that fits",
      of: () => call("read_file", { path: "/projects/a" }),
      codes: ALLOWED,
    },
    {
      title: "a call whose constraint fails",
      of: () => call("read_file", { path: "projects/a" }),
      codes: ["not_allowed not_allowed"],
    },
    {
      title: "a call without the argument",
      of: () => call("read_file", {}),
      codes: ["not_allowed not_allowed"],
    },
    { title: "another tool", of: () => call("write_file", {}), codes: ["not_allowed not_allowed"] },
    {
      title: "a tool that is denied",
      of: () => call("read_log", { path: "/projects/a" }),
      codes: ["policy_denied deny/0"],
    },
    {
      title: "a path that climbs out of what the pattern says",
      of: () => call("read_file", { path: "/projects/../etc/shadow" }),
      codes: [
        "sensitive_path sensitive_path",
        "path_traversal path_traversal",
        "raw_path raw_paths",
      ],
    },
    {
      title: "a role's tool, with the role",
      of: () => call("admin_x", {}, { principal: admin }),
      codes: ALLOWED,
    },
    {
      title: "a role's tool, without",
      of: () => call("admin_x", {}),
      codes: ["not_allowed not_allowed"],
    },
    {
      title: "a call whose text is harmless",
      of: () => call("echo", { text: "dr" }),
      codes: ALLOWED,
    },
    {
      title: "a call whose text is denied",
      of: () => call("echo", { text: "drop it" }),
      codes: ["policy_denied deny/1"],
    },
    {
      title: "a call whose text is too long to be judged",
      of: () => call("echo", { text: "drop it ".repeat(2000) }),
      codes: ["policy_denied validate/max_arg_bytes", "truncated_argument truncated_argument"],
    },
    {
      title: "a resource under the glob",
      of: () => request("resources/read", { uri: "file:///projects/a" }),
      codes: ALLOWED,
    },
    {
      title: "a resource that climbs out of the glob",
      of: () => request("resources/read", { uri: "file:///projects/%2e%2e/x" }),
      codes: ["path_traversal path_traversal", "raw_path raw_paths", "not_allowed not_allowed"],
    },
    { title: "a method that a rule names", of: () => request("acme/run", {}), codes: ALLOWED },
    {
      title: "a method that nobody knows",
      of: () => request("acme/stop", {}),
      codes: ["unknown_method unknown_method", "not_allowed not_allowed"],
    },
    {
      title: "a secret that is still there",
      of: () => call("echo", { text: "x" }, { findings: [finding] }),
      codes: ["secret_left secret_left"],
    },
    {
      title: "a secret left in a result",
      of: () => result({}, { findings: [finding] }),
      codes: ["secret_left secret_left"],
    },
    { title: "a result", of: () => result({}), codes: ALLOWED },
    {
      title: "sampling by the server that may",
      of: () => request("sampling/createMessage", {}, { phase: "response", server: "trusted" }),
      codes: ALLOWED,
    },
    {
      title: "sampling by another server",
      of: () => request("sampling/createMessage", {}, { phase: "response" }),
      codes: ["server_request_refused server_request_refused", "not_allowed not_allowed"],
    },
    {
      title: "sampling asked of the server",
      of: () => request("sampling/createMessage", {}, { server: "trusted" }),
      codes: ["unknown_method unknown_method"],
    },
  ])("decides on $title: $codes", (entry) => {
    expect(codes(withPolicy, entry.of())).toEqual(entry.codes);
  });
});

describe("with clearances", () => {
  const clearance = "clearance: { default: INTERNAL, roles: { auditor: RESTRICTED } }";
  const policy = `${POLICY}${clearance}\n`;
  const classified = (classification: Classification | null, roles: readonly string[] = []) => {
    const principal = { ...call("t", {}).principal, roles };
    const tool = { ...NO_TOOL_FACTS, classification };
    const inventory = { tool, mode: null, provenance: "INVENTORY" as const };
    return result({ content: [] }, { principal, inventory });
  };

  test.each([
    { title: "a result above it", of: classified("RESTRICTED"), codes: ["not_cleared clearance"] },
    { title: "a result at it", of: classified("INTERNAL"), codes: ALLOWED },
    { title: "a role's result", of: classified("RESTRICTED", ["auditor"]), codes: ALLOWED },
    { title: "a result of no class", of: classified(null), codes: ["not_cleared clearance"] },
  ])("decides on $title: $codes", async ({ of, codes: expected }) => {
    expect(codes(await stage(await buildDefaultBundle(), policy), of)).toEqual(expected);
  });

  test("takes out what the policy names in place of denying", async () => {
    const pointer = "/result/structuredContent/salary";
    const text = policy.replace(
      "{ default: INTERNAL,",
      `{ default: INTERNAL, redact: [${pointer}],`,
    );
    const { engine, builder } = await stage(await buildDefaultBundle(), text);
    const decision = engine.decide(builder.build(classified("SENSITIVE")));
    expect(decision).toMatchObject({
      value: { allow: true, obligations: { redact: [pointer] } },
    });
  });
});

describe("without a policy", () => {
  test.each(["initialize", "ping", "server/discover", "tools/list", "resources/templates/list"])(
    "%s passes",
    (method) => {
      expect(codes(without, request(method, {}))).toEqual([]);
    },
  );

  test.each(["tools/call", "resources/read", "prompts/get", "completion/complete", "tasks/get"])(
    "%s needs a rule",
    (method) => {
      expect(codes(without, request(method, {}))).toEqual(["not_allowed not_allowed"]);
    },
  );

  test("what the server may not ask is taken out of what the client declares", () => {
    const decision = without.engine.decide(without.builder.build(request("initialize", {})));
    expect(decision.ok && decision.value.obligations.remove.toSorted()).toEqual([
      "/params/capabilities/elicitation",
      "/params/capabilities/roots",
      "/params/capabilities/sampling",
      "/params/capabilities/tasks/requests/elicitation",
      "/params/capabilities/tasks/requests/sampling",
    ]);
  });
});

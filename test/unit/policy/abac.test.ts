import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../../src/core/finding.ts";
import { NO_TOOL_FACTS, type ToolFacts } from "../../../src/core/inventory.ts";
import type { PolicyInput, Principal } from "../../../src/core/policy.ts";
import type { PolicyEngine } from "../../../src/core/ports.ts";
import { type Bundle, readBundle } from "../../../src/policy/bundle.ts";
import { createPolicyEngine } from "../../../src/policy/engine.ts";
import { createInputBuilder, type InputSubject } from "../../../src/policy/input.ts";
import { buildBundleBeside } from "./build-bundle.ts";
import { call, NOW, request, result, stillClock } from "./examples.ts";

/**
 * Conditions of an author's own, beside our rules and through the real compiler and engine: of each
 * fact that the input holds, one message that the condition is about and a near miss.
 */

const DATA = {
  limits: { max_entropy: 5 },
  patterns: { employee: "^EMP[0-9]{6}$", drop_table: "(?:DROP|TRUNCATE) TABLE" },
  acme: { offices: ["10.1.0.0/16"] },
};

interface Case {
  readonly about: string;
  /** In Rego, as the body of a rule. */
  readonly condition: string;
  readonly hit: Facts;
  readonly miss: Facts;
}

/** What is asked about, and what no part computes yet. */
interface Facts {
  readonly subject: InputSubject;
  readonly session?: { readonly [fact: string]: number | null };
  readonly at?: string;
}

const anonymous = call("t", {}).principal;

function by(different: Partial<Principal>): Facts {
  const principal: Principal = {
    ...anonymous,
    kind: "user",
    authenticated_by: "jwt",
    ...different,
  };
  return { subject: call("t", {}, { principal }) };
}

const calling = (args: unknown, tool = "t"): Facts => ({ subject: call(tool, args) });
const reading = (uri: string): Facts => ({ subject: request("resources/read", { uri }) });
const known = (
  tool: Partial<ToolFacts>,
  provenance: "INVENTORY" | "INVENTORY_GUESS" = "INVENTORY",
): Facts["subject"] =>
  call(
    "t",
    {},
    {
      inventory: { tool: { ...NO_TOOL_FACTS, ...tool }, mode: "observe", provenance },
    },
  );
const from = (ip: string): Facts => ({ subject: call("t", {}, { source: { ip, spiffe: null } }) });
const during = (session: { readonly [fact: string]: number | null }): Facts => ({
  subject: call("t", {}),
  session,
});
const at = (time: string): Facts => ({ subject: call("t", {}), at: time });
const found = (severity: Finding["severity"]): Facts => {
  const finding: Finding = {
    guard: "pii",
    kind: "email",
    at: "/params/arguments/to",
    action: "redacted",
    severity,
    length: 9,
    value: null,
  };
  return { subject: call("t", {}, { findings: [finding] }) };
};

const CASES: readonly Case[] = [
  {
    about: "subject",
    condition: 'input.principal.id == "mallory"',
    hit: by({ id: "mallory" }),
    miss: by({ id: "alice" }),
  },
  {
    about: "kind",
    condition: 'input.principal.kind == "anonymous"',
    hit: calling({}),
    miss: by({ id: "alice" }),
  },
  {
    about: "roles",
    condition: 'not "admin" in input.principal.roles',
    hit: by({ roles: ["dev"] }),
    miss: by({ roles: ["dev", "admin"] }),
  },
  {
    about: "scopes",
    condition: 'not "mcp:write" in input.principal.scopes',
    hit: by({ scopes: ["mcp:read"] }),
    miss: by({ scopes: ["mcp:read", "mcp:write"] }),
  },
  {
    about: "claims",
    condition: 'input.principal.claims.department != "finance"',
    hit: by({ claims: { department: "sales" } }),
    miss: by({ claims: { department: "finance" } }),
  },
  {
    about: "client",
    condition: 'startswith(input.client.name, "old-")',
    hit: { subject: call("t", {}, { client: { name: "old-cli", version: "1" } }) },
    miss: { subject: call("t", {}, { client: { name: "cli", version: "1" } }) },
  },
  {
    about: "server",
    condition: 'input.server.id == "crm"',
    hit: { subject: call("t", {}, { server: "crm" }) },
    miss: { subject: call("t", {}, { server: "crm2" }) },
  },
  {
    about: "tool",
    condition: 'input.message.tool in {"shell", "exec"}',
    hit: calling({}, "exec"),
    miss: calling({}, "executor"),
  },
  {
    about: "method",
    condition: 'startswith(input.message.method, "resources/")',
    hit: reading("https://a/b"),
    miss: calling({}),
  },
  {
    about: "the scheme of a resource",
    condition: 'not input.resource.scheme in {"https", "file", null}',
    hit: reading("ftp://a/b.txt"),
    miss: reading("https://a/b.txt"),
  },
  {
    about: "the extension of a resource",
    condition: 'input.resource.ext == "pem"',
    hit: reading("https://a/key.pem"),
    miss: reading("https://a/key.pem.txt"),
  },
  {
    about: "a glob over a resource",
    condition: 'startswith(input.resource.uri, "https://internal/")',
    hit: reading("https://internal/a"),
    miss: reading("https://internal.example/a"),
  },
  {
    about: "a named pattern in an argument",
    condition: '"/params/arguments/query" in input.patterns.drop_table',
    hit: calling({ query: `${"x ".repeat(300)}DROP TABLE users` }),
    miss: calling({ query: "SELECT 1", other: "DROP TABLE users" }),
  },
  {
    about: "a named pattern that must fit",
    condition: 'not "/params/arguments/id" in input.patterns.employee',
    hit: calling({ id: "EMP12345" }),
    miss: calling({ id: "EMP123456" }),
  },
  {
    about: "an argument's value",
    condition: "input.message.arguments.amount > 1000",
    hit: calling({ amount: 1000.5 }),
    miss: calling({ amount: 1000 }),
  },
  {
    about: "side effects",
    condition: '"PAYMENT" in input.tool.side_effects',
    hit: { subject: known({ side_effects: ["FS_READ", "PAYMENT"] }) },
    miss: { subject: known({ side_effects: ["FS_READ"] }) },
  },
  {
    about: "risk",
    condition: 'input.tool.risk in {"high", "critical"}',
    hit: { subject: known({ risk: "critical" }) },
    miss: { subject: known({ risk: "medium" }) },
  },
  {
    about: "the classification of a result",
    condition: 'input.result.classification == "RESTRICTED"',
    hit: {
      subject: { ...result({}), inventory: known({ classification: "RESTRICTED" }).inventory },
    },
    miss: { subject: { ...result({}), inventory: known({ classification: "PUBLIC" }).inventory } },
  } as Case,
  {
    about: "the source address",
    condition:
      "not _at_home\n}\n\n_at_home if {\n\tsome office in data.impedance.acme.offices\n\tnet.cidr_contains(office, input.source.ip)",
    hit: from("10.2.0.1"),
    miss: from("10.1.255.255"),
  },
  {
    about: "the time of day",
    condition: "not input.time.hour in numbers.range(8, 17)",
    hit: at("2026-11-20T18:00:00Z"),
    miss: at("2026-11-20T17:59:00Z"),
  },
  {
    about: "the day of the week",
    condition: "input.time.weekday in {0, 6}",
    hit: at("2026-11-21T12:00:00Z"),
    miss: at("2026-11-20T12:00:00Z"),
  },
  {
    about: "the age of a session",
    condition: "input.session.age_s > 3600",
    hit: during({ age_s: 3601 }),
    miss: during({ age_s: 3600 }),
  },
  {
    about: "what a session has done",
    condition: "input.session.denied > 3",
    hit: during({ calls: 9, denied: 4 }),
    miss: during({ calls: 9, denied: 3 }),
  },
  {
    about: "trust",
    condition: "is_number(input.session.trust)\n\tinput.session.trust < 50",
    hit: during({ trust: 40 }),
    miss: during({ trust: null }),
  },
  {
    about: "findings",
    condition: 'some finding in input.findings\n\tfinding.severity == "critical"',
    hit: found("critical"),
    miss: found("high"),
  },
  {
    about: "who vouched for a fact",
    condition: 'input.provenance.tool == "INVENTORY_GUESS"',
    hit: { subject: known({ risk: "low" }, "INVENTORY_GUESS") },
    miss: { subject: known({ risk: "low" }) },
  },
];

const nameOf = (about: string) => `acme_${about.replaceAll(/[^a-z]+/g, "_")}`;

function packageOf({ about, condition }: Case): [string, string] {
  const name = nameOf(about);
  const rego = `# METADATA
# title: ${about}
# scope: package
package mcp.rules.${name}

import data.mcp.lib.reasons

# METADATA
# description: Acme forbids this.
# custom:
#   code: ${name}
#   severity: medium
#   rank: 5
#   remedy: Ask Acme.
reasons contains reasons.reason(rego.metadata.rule()) if {
	${condition}
}
`;
  return [`acme/${name}.rego`, rego];
}

let bundle: Bundle;
let engine: PolicyEngine;

beforeAll(async () => {
  const allow = "package mcp.rules.acme_allow\n\nallow := true\n";
  const files = Object.fromEntries([...CASES.map(packageOf), ["acme/allow.rego", allow]]);
  const read = await readBundle(await buildBundleBeside(files, DATA));
  if (!read.ok) throw new Error(read.error.detail);
  bundle = read.value;
  const made = await createPolicyEngine(bundle, null, { clock: stillClock, budgetMs: 1000 });
  if (!made.ok) throw new Error(made.error.detail);
  engine = made.value;
});

function inputOf({ subject, session = {}, at: time }: Facts): PolicyInput {
  const now = time === undefined ? NOW : Date.parse(time);
  const { patterns } = bundle;
  const clock = { now: () => now, monotonic: () => 0 };
  const options = { engineRevision: "sha256:0", portable: null, patterns, roots: [], clock };
  const input = createInputBuilder(options).build(subject);
  // What no part computes yet is null; a rule about it can be written, and waits.
  return { ...input, session: { ...input.session, ...session } as PolicyInput["session"] };
}

function codesOf(facts: Facts): readonly string[] {
  const decision = engine.decide(inputOf(facts));
  if (!decision.ok) throw new Error(decision.error.detail);
  return decision.value.reasons.map(({ code }) => code);
}

describe("a package of an author's own, beside ours, can deny by", () => {
  test.each(CASES)("$about", ({ about, hit, miss }) => {
    expect(codesOf(hit)).toContain(nameOf(about));
    expect(codesOf(miss)).not.toContain(nameOf(about));
  });
});

test("an author's data is laid over ours, which stays where it says nothing", () => {
  expect(bundle.data).toMatchObject({
    impedance: { limits: { max_entropy: 5, request_max_bytes: 1_048_576 }, banned_tools: [] },
  });
});

test("a rule of an author's own has a mode by its name", async () => {
  const data = { modes: { rules: { acme_tool: "shadow" } } };
  const options = { clock: stillClock, budgetMs: 1000, data };
  const tried = await createPolicyEngine(bundle, null, options);
  if (!tried.ok) throw new Error(tried.error.detail);
  const decision = tried.value.decide(inputOf(calling({}, "exec")));
  expect(decision).toMatchObject({ value: { shadow: [{ code: "acme_tool" }] } });
});

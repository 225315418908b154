/**
 * What one decision costs: the policy of a bundle, with no portable policy, and with 20 and 1,000
 * rules of one. Each round asks for the facts and for the decision, and checks the answer.
 *
 *   node bench/policy.ts [--bundle FILE] [--rounds N] [--format text|json]
 */

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import type { JsonObject } from "../src/core/json.ts";
import { member } from "../src/core/json.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { parseJson } from "../src/mcp/json/parse.ts";
import { readBundle } from "../src/policy/bundle.ts";
import { createPolicyEngine } from "../src/policy/engine.ts";
import { createInputBuilder, type InputSubject } from "../src/policy/input.ts";
import { compilePortable } from "../src/policy/portable/compile.ts";
import { parsePortable } from "../src/policy/portable/parse.ts";
import { packagePath } from "../src/server/package-root.ts";
import { quantile } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    bundle: { type: "string", default: packagePath("dist/policy/bundle.tar.gz") },
    rounds: { type: "string", default: "20000" },
    format: { type: "string", default: "text" },
  },
});

const CASES = [
  { title: "20 rules", rules: 20 },
  { title: "1,000 rules", rules: 1_000 },
] as const;
const WARM_UP = 5_000;
const clock = { now: () => 1_795_240_000_000, monotonic: () => 0 };

const bytes = await readFile(values.bundle);
const rows = [];
for (const { title, rules } of CASES) {
  for (const phase of ["request", "response"] as const) {
    rows.push({ title, phase, ...(await measure(rules, phase)) });
  }
}
if (values.format === "json") console.log(JSON.stringify(rows));
else {
  console.log("µs a decision          facts p50   decide p50   decide p99");
  for (const { title, phase, facts, decide, decideP99 } of rows) {
    const cells = [facts, decide, decideP99].map((value) => value.toFixed(1).padStart(12));
    console.log(`${`${title}, ${phase}`.padEnd(22)}${cells.join(" ")}`);
  }
}

async function measure(rules: number, phase: "request" | "response") {
  const bundle = await readBundle(bytes);
  const policy = parsePortable(policyOf(rules), "policy.yaml");
  if (!bundle.ok || !policy.ok) throw new Error("the example does not load");
  const portable = compilePortable(policy.value);
  const engine = await createPolicyEngine(bundle.value, portable, { clock, budgetMs: 1_000 });
  if (!engine.ok) throw new Error(engine.error.detail);
  const { revision } = engine.value;
  const builder = createInputBuilder({ engineRevision: revision, portable, roots: [], clock });
  const subject = phase === "request" ? callSubject() : resultSubject();

  const facts: number[] = [];
  const decide: number[] = [];
  for (let round = -WARM_UP; round < Number(values.rounds); round += 1) {
    const start = performance.now();
    const input = builder.build(subject);
    const built = performance.now();
    const decision = engine.value.decide(input);
    const end = performance.now();
    if (!decision.ok || !decision.value.allow) throw new Error("it was not allowed");
    if (round < 0) continue;
    facts.push((built - start) * 1_000);
    decide.push((end - built) * 1_000);
  }
  const [sortedFacts, sorted] = [facts.sort((a, b) => a - b), decide.sort((a, b) => a - b)];
  return {
    facts: quantile(sortedFacts, 0.5),
    decide: quantile(sorted, 0.5),
    decideP99: quantile(sorted, 0.99),
  };
}

function policyOf(count: number): string {
  const rules = Array.from(
    { length: count },
    (_, at) => `  - { tool: tool_${at}, constraints: { path: { pattern: "^/srv/[a-z]+$" } } }`,
  );
  return `policy_id: bench\nversion: "1"\ndefault: deny\nallow_rules:\n${rules.join("\n")}\n`;
}

function nodeOf(value: unknown): JsonObject {
  const document = parseJson(new TextEncoder().encode(JSON.stringify(value)), DEFAULT_LIMITS);
  if (!document.ok || document.value.root.kind !== "object") throw new Error("not an object");
  return document.value.root;
}

function callSubject(): InputSubject {
  const params = { name: "tool_7", arguments: { path: "/srv/projects", depth: 3, text: "hello" } };
  const node = nodeOf({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  return subjectOf("request", "request", node, member(node, "params") ?? null);
}

function resultSubject(): InputSubject {
  const node = nodeOf({ jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "" }] } });
  return subjectOf("response", "result", node, member(node, "result") ?? null);
}

function subjectOf(
  phase: "request" | "response",
  kind: "request" | "result",
  node: JsonObject,
  payload: InputSubject["message"]["payload"],
): InputSubject {
  return {
    phase,
    message: {
      kind,
      id: "1",
      method: "tools/call",
      tool: "tool_7",
      prompt: null,
      uri: null,
      cursor: null,
      revision: "2025-11-25",
      node,
      payload,
      bytes: node.end - node.start,
    },
    server: "files",
    findings: [],
    leaves: [],
    principal: {
      id: "files",
      kind: "anonymous",
      roles: [],
      scopes: [],
      claims: {},
      authenticated_by: "none",
    },
    client: { name: "bench", version: "1" },
    sessionId: null,
    source: { ip: "127.0.0.1", spiffe: null },
    userAgent: "bench/1",
  };
}

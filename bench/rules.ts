/**
 * `npm run bench:rules`: what one decision costs with how many portable rules: their facts, and the
 * evaluation in WebAssembly, for a call that one rule allows and a call that none does. `first` is
 * of callers that were never seen, so that nothing is remembered; `again` of one who calls again.
 *
 *   node bench/rules.ts [--seconds S]
 *
 * Figures are printed, and nothing is asserted but that each decision is the right one.
 */

import { parseArgs } from "node:util";

import { defaultConfig } from "../src/config/load-config.ts";
import { createOfflinePipeline } from "../src/server/offline.ts";
import { SOME_CALL } from "../src/server/scanner.ts";
import { systemClock } from "../src/server/system.ts";
import { tryOut } from "../src/server/workbench/trial.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { patient, withPolicyFile } from "./pipeline.ts";
import { type Quantiles, timed } from "./statistics.ts";

const COUNTS = [20, 200, 1_000] as const;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "2" } } });

console.log(machineLine(describeMachine()));
console.log("µs a decision, facts of the rules included: p50 (p99)\n");
console.log("| rules | allowed: first | again | not allowed: first | again |");
console.log("|--:|--:|--:|--:|--:|");
for (const count of COUNTS) {
  const cells = [
    ...(await measure(count, `tool_${count - 1}`, true)),
    ...(await measure(count, "no", false)),
  ];
  console.log(`| ${count} | ${cells.join(" | ")} |`);
}

/** As many rules as that: nine of ten name a tool, the tenth has a glob, and half a constraint. */
function policyOf(count: number): object {
  const allow_rules = Array.from({ length: count }, (_, index) => ({
    tool: index % 10 === 0 ? `family_${index}_*` : `tool_${index}`,
    server: "bench",
    ...(index % 2 === 0
      ? {}
      : { constraints: { id: { type: "string", pattern: "^EMP[0-9]{6}$" } } }),
  }));
  return { policy_id: "bench", version: "1", default: "deny", allow_rules };
}

async function measure(count: number, tool: string, expected: boolean): Promise<string[]> {
  const { input, engine, build } = await decisionOf(count, tool);
  if (input.rules.length !== (expected ? 1 : 0)) throw new Error("the wrong rules fit");
  let callers = 0;
  const seconds = Number(values.seconds);
  return [() => `caller-${callers++}`, () => "caller"].map((caller) =>
    cell(
      timed(seconds, () => {
        const answer = engine.decide(build(caller()));
        if (!answer.ok || answer.value.allow !== expected) throw new Error("a wrong decision");
      }),
    ),
  );
}

function cell({ p50, p99 }: Quantiles): string {
  return `${p50.toFixed(1)} (${p99.toFixed(1)})`;
}

/** The parts of a decision on one call, as the data path has them after Layer 1. */
async function decisionOf(count: number, tool: string) {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the default configuration is wrong");
  const pipeline = await withPolicyFile(policyOf(count), (file) =>
    createOfflinePipeline(
      { ...patient(config.value), policy: { ...config.value.policy, file } },
      { guards: null, clock: systemClock, onFault() {} },
    ),
  );
  if (!pipeline.ok) throw new Error(pipeline.error.join("\n"));
  const { policy } = pipeline.value;
  const dependencies = pipeline.value.start();
  const subjects: Parameters<typeof policy.input.build>[0][] = [];
  const noting = {
    ...policy,
    input: {
      build(subject: (typeof subjects)[number]) {
        subjects.push(subject);
        return policy.input.build(subject);
      },
    },
  };
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call" };
  const params = { name: tool, arguments: { id: "EMP000417" } };
  const principal = {
    id: "bench",
    kind: "user",
    roles: [],
    scopes: [],
    claims: {},
    authenticated_by: "jwt",
  } as const;
  tryOut(
    {
      ...{ direction: "request", server: "bench", principal, request: SOME_CALL, sessionId: null },
      source: { ip: null, spiffe: null, user_agent: null },
      body: Buffer.from(JSON.stringify({ ...message, params })),
    },
    { ...dependencies, policy: () => noting },
  );
  const [subject] = subjects;
  if (subject === undefined) throw new Error("the policy was not asked");
  const build = (id: string) =>
    policy.input.build({ ...subject, principal: { ...subject.principal, id } });
  return { input: build("bench"), engine: policy.engine, build };
}

import type { PolicyInput } from "../src/core/policy.ts";
import type { LoadedPolicy } from "../src/pipeline/dependencies.ts";
import type { InputSubject } from "../src/policy/input.ts";
import { createBenchFirewall } from "./pipeline.ts";
import { type Quantiles, quantilesOf, timed } from "./statistics.ts";
import { exchangeWith } from "./traffic.ts";

export interface Evaluation {
  /** Of the input, as JSON. */
  readonly bytes: number;
  /** WebAssembly alone: from the input's text in its memory to the decision's. */
  readonly evaluate: Quantiles;
  /** For callers that were never seen: nothing is remembered. */
  readonly decide: Quantiles;
  /** For one who calls again. */
  readonly decideAgain: Quantiles;
  readonly buildAndDecideAgain: Quantiles;
}

/** Longer strings do not go into the input. */
const TEXT_BYTES = 240;

/** The default bundle on what the pipeline would ask it, every fact present. */
export async function measureEvaluation(seconds: number): Promise<Evaluation> {
  const asked: { subject: InputSubject; input: PolicyInput }[] = [];
  const held: { policy: LoadedPolicy | null } = { policy: null };
  const evaluations = watchEvaluations();
  const firewall = await createBenchFirewall((real) => {
    const policy = real.policy();
    if (policy === null) throw new Error("the benchmark has a policy");
    held.policy = policy;
    const build = (subject: InputSubject) => {
      const input = policy.input.build(subject);
      asked.push({ subject, input });
      return input;
    };
    return { ...real, policy: () => ({ ...policy, input: { ...policy.input, build } }) };
  });
  const text = "a berth, a crane and a list of the day; ".repeat(6).slice(0, TEXT_BYTES);
  const { request, response } = exchangeWith({
    path: "docs/a.md",
    a: text,
    b: text,
    c: text,
    d: text,
  });
  await firewall.pass({ request: Buffer.from(request), response: Buffer.from(response) });
  const { policy } = held;
  const first = asked[0];
  if (first === undefined || policy === null) throw new Error("the policy was not asked");

  const input = fullOf(first.input);
  const decide = (of: PolicyInput) => {
    if (!policy.engine.decide(of).ok) throw new Error("the policy failed");
  };
  evaluations.length = 0;
  const decided = timed(seconds, () => decide({ ...input, principal: unseen(input) }));
  return {
    bytes: JSON.stringify(input).length,
    evaluate: quantilesOf(evaluations),
    decide: decided,
    decideAgain: timed(seconds, () => decide(input)),
    buildAndDecideAgain: timed(seconds, () => decide(policy.input.build(first.subject))),
  };
}

/** How long each evaluation takes from now on, by instances that are made from now on. */
function watchEvaluations(): number[] {
  const times: number[] = [];
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, args, newTarget) {
      const instance: WebAssembly.Instance = Reflect.construct(target, args, newTarget);
      const { opa_eval: evaluate, ...others } = instance.exports;
      if (typeof evaluate !== "function") return instance;
      const timedEvaluate = (...inputs: unknown[]): unknown => {
        const start = performance.now();
        const answer: unknown = evaluate(...inputs);
        times.push((performance.now() - start) * 1_000);
        return answer;
      };
      const exports = { ...others, opa_eval: timedEvaluate };
      return new Proxy(instance, {
        get: (real, name) => (name === "exports" ? exports : Reflect.get(real, name, real)),
      });
    },
  });
  return times;
}

let callers = 0;

function unseen({ principal }: PolicyInput): PolicyInput["principal"] {
  callers += 1;
  return { ...principal, id: `caller-${callers}` };
}

/** With what an anonymous call without a finding leaves empty. */
function fullOf(input: PolicyInput): PolicyInput {
  return {
    ...input,
    findings: [
      {
        guard: "secrets",
        kind: "aws-access-key",
        at: "/params/arguments/a",
        action: "redacted",
        severity: "high",
      },
    ],
    principal: {
      id: "alice",
      kind: "user",
      roles: ["engineer", "reviewer"],
      scopes: ["tools:call", "docs:read"],
      claims: { department: "harbour", region: "north", clearance: "INTERNAL" },
      authenticated_by: "jwt",
    },
    client: { name: "bench", version: "1.0" },
  };
}

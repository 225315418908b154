import { createReadStream } from "node:fs";
import type { Config } from "../../../config/config.ts";
import type { PolicyEngine } from "../../../core/ports.ts";
import { err, ok, type Result } from "../../../core/result.ts";
import { loadPolicy } from "../../load-policy.ts";
import { systemClock } from "../../system.ts";
import { type Recorded, readDecisions } from "../recorded.ts";
import { type Explanation, explain } from "./explain.ts";
import { explainOptionsOf } from "./message.ts";

/** Looks a decision up in a log and says why it fell, from what the log holds of it. */
export async function explainDecision(
  id: string,
  log: string,
  config: Config,
): Promise<Result<Explanation, readonly string[]>> {
  const found = await findDecision(id, log);
  if (!found.ok) return err([found.error]);
  const known = await explainOptionsOf(config);
  if (!known.ok) return known;
  const { input, allow, reasons, shadow } = found.value;
  const policy = await loadPolicy(config, systemClock);
  if (!policy.ok) return policy;
  if (input === null) return ok(withoutInput(found.value));

  // What another policy would say of these facts is for `replay`; this is about the one of then.
  const { engine } = policy.value;
  const isSame = input.facts.policy === engine.revision;
  const then: PolicyEngine | null = isSame ? engine : null;
  const portable = isSame ? known.value.portable : null;
  const explained = explain(
    input,
    { allow, reasons, shadow },
    { ...known.value, portable, engine: then },
  );
  return ok({ ...explained, notes: notesOf(found.value, isSame, input.facts.policy) });
}

async function findDecision(id: string, log: string): Promise<Result<Recorded, string>> {
  try {
    for await (const recorded of readDecisions(createReadStream(log), () => undefined)) {
      if (recorded.decisionId === id) return ok(recorded);
    }
  } catch {
    return err(`${log}: cannot be read`);
  }
  return err(`${log}: holds no decision ${id}; older ones may be in a rotated file`);
}

function notesOf({ masked, erased }: Recorded, isSame: boolean, revision: string): string[] {
  const left = [...masked, ...erased].map((pointer) => pointer.replace(/^\/input/, ""));
  return [
    ...(isSame
      ? []
      : [
          `it was decided by ${revision}, which is another policy than the one given: what would ` +
            "change it can only be tried with that one (--policy, --bundle, --config)",
        ]),
    ...(left.length === 0
      ? []
      : [`the log holds no values: sizes and pseudonyms stand for ${left.join(", ")}`]),
  ];
}

function withoutInput({ allow, reasons }: Recorded): Explanation {
  const about = { title: null, description: null, facts: [] };
  return {
    allow,
    message: "an exchange that ended before a policy was asked",
    reasons: reasons.map((reason) => ({ ...reason, ...about })),
    shadow: [],
    allowed_by: [],
    nearly: [],
    changes: [],
    notes: [],
  };
}

import type { PolicyDecision, PolicyFault, PolicyInput } from "../../core/policy.ts";
import type { PolicyEngine } from "../../core/ports.ts";
import { ok, type Result } from "../../core/result.ts";
import { unansweredReasons } from "../../pipeline/approving.ts";

/**
 * What a policy makes of a message where nobody is there to agree: what still wants a person's word
 * is denied, as the gateway denies it until it has one. A grant that the input holds counts.
 */
export function decideUnanswered(
  engine: PolicyEngine,
  input: PolicyInput,
): Result<PolicyDecision, PolicyFault> {
  const decided = engine.decide(input);
  if (!decided.ok) return decided;
  const { allow, obligations } = decided.value;
  const asked = obligations.approve?.asked ?? [];
  if (!allow || asked.length === 0) return decided;
  return ok({ ...decided.value, allow: false, reasons: unansweredReasons(asked) });
}

import type { AnalystKey } from "../../../audit/analyst.ts";
import type { Config } from "../../../config/config.ts";
import type { Json, PolicyInput, Reason, RuleFact } from "../../../core/policy.ts";
import type { PolicyEngine } from "../../../core/ports.ts";
import { ok, type Result } from "../../../core/result.ts";
import { type CompiledPortable, compilePortable } from "../../../policy/portable/compile.ts";
import { ofServerRequests } from "../../../policy/provenance.ts";
import { loadPolicy } from "../../load-policy.ts";
import { systemClock } from "../../system.ts";
import { readPortableFile } from "../portable-file.ts";
import { type Recorded, readDecisions } from "../recorded.ts";
import { modulesOf } from "../rule-metadata.ts";
import { decideUnanswered } from "../unanswered.ts";
import { createGroups, type Group, type Groups } from "./groups.ts";
import { hiddenFieldsRead, hiddenIn } from "./hidden-facts.ts";
import { createRuleReplayer, type RuleReplayer } from "./rule-facts.ts";

/** What a new policy would have made of a log. */
export interface Replay {
  /** Decisions that the log holds. */
  readonly decisions: number;
  readonly same: number;
  readonly different: number;
  /** Denied as before, for another reason. */
  readonly other_reason: number;
  /** What the new policy asks about is not in the log. */
  readonly undecidable: number;
  /** Refused by the firewall itself, whatever a policy says; or no policy was asked. */
  readonly not_by_policy: number;
  /** Lines that are no JSON. */
  readonly unreadable: number;
  readonly groups: readonly Group[];
}

/** One record, seen with the eyes of the new policy. */
type Verdict =
  | { readonly kind: "decided"; readonly allow: boolean; readonly reasons: readonly Reason[] }
  | { readonly kind: "undecidable"; readonly missing: readonly string[] }
  | { readonly kind: "not_by_policy" };

interface Replayer {
  readonly engine: PolicyEngine;
  readonly rules: RuleReplayer | null;
  readonly portable: CompiledPortable | null;
  /** Fields that the bundle's Rego reads and a log may hide. */
  readonly fields: readonly string[];
}

/** Nobody waits here: a decision that is late is a decision. */
const POLICY_BUDGET_MS = 10_000;

/** Decides a whole log anew, line by line. Memory does not grow with it. */
export async function replayLog(
  lines: AsyncIterable<Uint8Array>,
  config: Config,
  analyst: AnalystKey | null = null,
): Promise<Result<Replay, readonly string[]>> {
  const replayer = await createReplayer(config);
  if (!replayer.ok) return replayer;
  const counts = { decisions: 0, same: 0, not_by_policy: 0, unreadable: 0 };
  const groups = createGroups();
  const onUnreadable = () => {
    counts.unreadable += 1;
  };
  for await (const recorded of readDecisions(lines, onUnreadable, analyst)) {
    counts.decisions += 1;
    const verdict = decideAnew(recorded, replayer.value);
    switch (verdict.kind) {
      case "not_by_policy":
        counts.not_by_policy += 1;
        break;
      case "undecidable":
        groups.add("undecidable", recorded, "undecidable", verdict.missing.join(", "));
        break;
      case "decided":
        if (isSame(recorded, verdict, groups)) counts.same += 1;
        break;
      default:
        return verdict satisfies never;
    }
  }
  return ok({ ...counts, ...groups.counts, groups: groups.all() });
}

async function createReplayer(config: Config): Promise<Result<Replayer, readonly string[]>> {
  const limits = { ...config.limits, policyBudgetMs: POLICY_BUDGET_MS };
  const policy = await loadPolicy({ ...config, limits }, systemClock);
  if (!policy.ok) return policy;
  const { file, bundle } = config.policy;
  const read = file === null ? ok(null) : await readPortableFile(file);
  if (!read.ok) return read;
  const portable = read.value === null ? null : compilePortable(read.value.policy);
  const rules =
    read.value === null || portable === null
      ? null
      : createRuleReplayer(read.value.policy, portable);
  const fields = hiddenFieldsRead(await modulesOf(bundle), policy.value.clearsPrincipals);
  return ok({ engine: policy.value.engine, rules, portable, fields });
}

function decideAnew(recorded: Recorded, replayer: Replayer): Verdict {
  const { input, allow, reasons, masked, erased } = recorded;
  // What the firewall itself refused, no policy was asked about, or its answer did not matter.
  const isOwn = !allow && reasons.some(({ layer }) => layer === "firewall");
  if (input === null || isOwn) return { kind: "not_by_policy" };
  if (isMaskedName(input)) return { kind: "undecidable", missing: ["its name"] };
  const hidden = hiddenIn(replayer.fields, masked, erased);
  if (hidden.length > 0) {
    return { kind: "undecidable", missing: hidden.map((field) => field.replace("/input", "")) };
  }
  const { facts, unknown } = replayer.rules?.(input, recorded) ?? { facts: [], unknown: [] };
  const anew = withFactsOf(input, replayer);
  const fitting = (effect: "allow" | "deny"): readonly RuleFact[] =>
    unknown
      .filter((one) => one.effect === effect)
      .map(({ rule }) => ({ rule, fit: true, failed: [] }));

  // More allow rules that fit never deny, and more deny rules never allow: between these two lies
  // whatever the log does not tell.
  const { engine } = replayer;
  const best = decideUnanswered(engine, { ...anew, rules: [...facts, ...fitting("allow")] });
  const worst =
    unknown.length === 0
      ? best
      : decideUnanswered(engine, { ...anew, rules: [...facts, ...fitting("deny")] });
  if (!best.ok || !worst.ok) {
    const code = [best, worst].flatMap((one) => (one.ok ? [] : [one.error.code]))[0] ?? "";
    return { kind: "decided", allow: false, reasons: [faultReason(code)] };
  }
  const isStrict = unknown.some(({ rule }) => rule === "validate/reject_unknown_args");
  if (best.value.allow === worst.value.allow && !(isStrict && best.value.allow)) {
    return { kind: "decided", allow: best.value.allow, reasons: best.value.reasons };
  }
  return { kind: "undecidable", missing: [...new Set(unknown.flatMap(({ missing }) => missing))] };
}

function faultReason(code: string): Reason {
  return { code, layer: "firewall", rule: `firewall/${code}`, message: code, remedy: "" };
}

/** A name without the form of one stands in the log as its size. */
function isMaskedName({ message: { method, tool, prompt } }: PolicyInput): boolean {
  return [method, tool, prompt].some((name) => name !== null && typeof name !== "string");
}

/** The facts that the old policy had a part in, as the new one has it. */
function withFactsOf(input: PolicyInput, { engine, portable }: Replayer): PolicyInput {
  const declares = Object.hasOwn(input.posture, "server_requests");
  const requests: Json =
    portable?.serverRequests(input.server.id, ofServerRequests(input.provenance), input.posture) ??
    {};
  return {
    ...input,
    facts: { ...input.facts, policy: engine.revision },
    posture: declares ? { ...input.posture, server_requests: requests } : input.posture,
  };
}

/** Notes what differs; denied for another reason is told apart. */
function isSame(
  recorded: Recorded,
  verdict: { readonly allow: boolean; readonly reasons: readonly Reason[] },
  groups: Groups,
): boolean {
  const { allow, reasons } = recorded;
  if (allow !== verdict.allow) {
    const [first] = verdict.allow ? reasons : verdict.reasons;
    const reason = first === undefined ? "" : `${first.code} (${first.rule})`;
    groups.add("different", recorded, verdict.allow ? "allow" : "deny", reason);
    return false;
  }
  // What a person said no to would be asked again: the policy says the same.
  const before = (reasons[0]?.code ?? "").replace("approval_denied", "approval_required");
  const after = verdict.reasons[0]?.code ?? "";
  if (allow || before === after) return true;
  groups.add("other_reason", recorded, "deny", `${before} → ${after}`);
  return false;
}

import type { AttackAction, AttacksConfig, DetectSettings } from "../../core/attacks.ts";
import type { Hit, Place, Severity } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Guard } from "../../core/ports.ts";
import { roleOf } from "../descriptions/place.ts";
import { createCoverage, keysInArgument } from "./coverage.ts";
import { judgeText } from "./judge.ts";
import { findMarkers } from "./prompt/markers.ts";

const NOTHING: readonly Hit[] = [];

/** Requests that a caller fills with values of their own. */
const FILLED: ReadonlySet<string | null> = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
]);
/** What answers them with texts of strangers; listings are the guard `descriptions`' own. */
const ANSWERED: ReadonlySet<string | null> = new Set(["tools/call", "resources/read"]);

/**
 * Attacks on what stands behind a tool, in the arguments of a call, and instructions to the model in
 * what a tool returns. It edits nothing: what is found is the policy's to judge.
 */
export function createAttacksGuard(config: AttacksConfig, detect: DetectSettings | null): Guard {
  const coverageAt = createCoverage(config, detect);

  function request(leaf: Leaf, place: Place): readonly Hit[] {
    const { nature, text, name, location } = leaf;
    if ((nature !== "text" && nature !== "key") || !FILLED.has(place.method)) return NOTHING;
    const coverage = coverageAt(place);
    const keys = coverage === null ? null : keysInArgument(location);
    if (coverage === null || keys === null) return NOTHING;
    const action = coverage(keys);
    if (action === null) return NOTHING;
    return judgeText(text, nature === "key" ? null : name).map(({ kind, severity }) => ({
      kind,
      severity: severityOf(severity, action),
      start: 0,
      end: text.length,
      replacement: null,
    }));
  }

  function response(leaf: Leaf, place: Place): readonly Hit[] {
    if (config.results === "off" || leaf.nature !== "text") return NOTHING;
    if (place.kind !== "result" || !ANSWERED.has(place.method)) return NOTHING;
    if (roleOf(leaf, place) !== "other") return NOTHING;
    return findMarkers(leaf.text).map(({ start, end }) => ({
      kind: "prompt-injection",
      severity: "high",
      start,
      end,
      replacement: null,
    }));
  }

  return { name: "attacks", request, response };
}

/** The policy denies what is severe; what is only to be reported is not. */
function severityOf(severity: Severity, action: AttackAction): Severity {
  return action === "report" && (severity === "high" || severity === "critical")
    ? "medium"
    : severity;
}

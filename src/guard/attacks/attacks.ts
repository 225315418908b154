import type { AttackAction, AttacksConfig, DetectSettings } from "../../core/attacks.ts";
import type { Hit, Place, Severity } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Guard } from "../../core/ports.ts";
import { roleOf } from "../descriptions/place.ts";
import { createCoverage, isInArgument } from "./coverage.ts";
import { judgeText, type Suspicion } from "./judge.ts";
import { findMarkers } from "./prompt/markers.ts";
import { mayLeadInside, namesIn } from "./ssrf/names.ts";

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

  /** What becomes of an attack in a leaf; null where nobody looks. */
  function actionAt({ nature, location }: Leaf, place: Place): AttackAction | null {
    if ((nature !== "text" && nature !== "key") || location === null) return null;
    if (!isInArgument(location) || !FILLED.has(place.method)) return null;
    return coverageAt(place)?.(location) ?? null;
  }

  function request(leaf: Leaf, place: Place): readonly Hit[] {
    const action = actionAt(leaf, place);
    if (action === null) return NOTHING;
    const { text } = leaf;
    const suspicions = suspicionsOf(leaf, place);
    if (suspicions.length === 0) return NOTHING;
    return suspicions.map(({ kind, severity }) => ({
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
    const markers = findMarkers(leaf.text);
    if (markers.length === 0) return NOTHING;
    return markers.map(({ start, end }) => ({
      kind: "prompt-injection",
      severity: "high",
      start,
      end,
      replacement: null,
    }));
  }

  function names(leaf: Leaf, place: Place): readonly string[] {
    return actionAt(leaf, place) === null ? [] : namesIn(leaf.text, argumentOf(leaf));
  }

  return { name: "attacks", request, response, names };
}

function argumentOf({ nature, name }: Leaf): string | null {
  return nature === "key" ? null : name;
}

/** What the text tells, and what DNS said of the names in it. */
function suspicionsOf(leaf: Leaf, { names }: Place): readonly Suspicion[] {
  const argument = argumentOf(leaf);
  const found = judgeText(leaf.text, argument);
  if (names === undefined) return found;
  if (!namesIn(leaf.text, argument).some((name) => mayLeadInside(names.get(name)))) return found;
  return [...found.filter(({ kind }) => kind !== "ssrf"), { kind: "ssrf", severity: "high" }];
}

/** The policy denies what is severe; what is only to be reported is not. */
function severityOf(severity: Severity, action: AttackAction): Severity {
  return action === "report" && (severity === "high" || severity === "critical")
    ? "medium"
    : severity;
}

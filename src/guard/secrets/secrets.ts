import type { Hit } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Guard } from "../../core/ports.ts";
import { BUDGET_EXCEEDED } from "../budget.ts";
import { SEVERITY_RANK } from "../severity.ts";
import { namedSecret } from "./assignment.ts";
import { hideExtents, hideMarks, markOf } from "./marks.ts";
import { classifyName, createKeyClassifier } from "./names.ts";
import type { Candidate } from "./rule.ts";
import { RULES } from "./rules.ts";
import { createScanner, type Scan, type ScanOptions } from "./scan.ts";

/**
 * Finds secrets: by the exact form of known kinds, by the name that a value has in text or in the
 * JSON, and by chance alone. An opaque value (an id, a cursor) is random by nature and named by
 * the protocol, so there only exact kinds count.
 */
export function createSecretsGuard(): Guard {
  const scanner = createScanner(RULES);
  const classifyKey = createKeyClassifier();

  function inspectLeaf(leaf: Leaf): readonly Hit[] {
    switch (leaf.nature) {
      case "text":
        return scanText(leaf);
      case "key":
      case "opaque":
        return hitsOf(leaf.text, scanner.scan(leaf.text, CERTAIN));
      case "number":
        return scanNumber(leaf);
      default:
        return [];
    }
  }

  function scanText(leaf: Leaf): readonly Hit[] {
    const { text, name } = leaf;
    const scan = scanner.scan(text, CONTEXTUAL);
    if (name === null || classifyKey(name) === null) return hitsOf(text, scan);

    const visible = hideMarks(text);
    const whole = namedSecret(name, visible);
    const found =
      whole === null ? withRest(name, visible, scan.found) : [nameWhole(whole, scan.found)];
    return hitsOf(text, { ...scan, found });
  }

  /** Names and chance are no proof among bytes, where anything may stand beside anything. */
  function scanBytes({ text }: Leaf): readonly Hit[] {
    return hitsOf(text, scanner.scan(text, CERTAIN));
  }

  return { name: "secrets", request: inspectLeaf, response: inspectLeaf, media: scanBytes };
}

/** A value that is all secret takes the kind of what was found in it, unless its own is worse. */
function nameWhole(whole: Candidate, parts: readonly Candidate[]): Candidate {
  const [part] = parts;
  if (part === undefined || SEVERITY_RANK[part.severity] < SEVERITY_RANK[whole.severity]) {
    return whole;
  }
  return { ...part, start: whole.start, end: whole.end };
}

/** What is left of a named value beside what was found in it may be a secret by its name. */
function withRest(
  name: string,
  visible: string,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  if (candidates.length === 0) return [];
  const rest = namedSecret(name, hideExtents(visible, candidates));
  if (rest === null) return candidates;
  return [...candidates, rest].sort((left, right) => left.start - right.start);
}

const NOTHING: readonly Hit[] = [];
const CONTEXTUAL: ScanOptions = { contextual: true };
const CERTAIN: ScanOptions = { contextual: false };
const PIN_LEAST_LENGTH = 4;

/** Digits are a secret only where the name says password. */
function scanNumber(leaf: Leaf): readonly Hit[] {
  if (leaf.name === null || leaf.text.length < PIN_LEAST_LENGTH) return [];
  if (classifyName(leaf.name) !== "password") return [];
  return [hitOf({ kind: "password", severity: "high", start: 0, end: leaf.text.length })];
}

/** What was found; and where it cannot be all, the text itself, for the policy to refuse. */
function hitsOf(text: string, { found, complete }: Scan): readonly Hit[] {
  if (found.length === 0 && complete) return NOTHING;
  const hits = found.map(hitOf);
  if (complete) return hits;
  const end = text.length;
  return [
    ...hits,
    { kind: BUDGET_EXCEEDED, severity: "critical", start: 0, end, replacement: null },
  ];
}

function hitOf({ kind, severity, start, end }: Candidate): Hit {
  return { kind, severity, start, end, replacement: markOf(kind) };
}

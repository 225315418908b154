import type { Severity } from "../../core/finding.ts";
import { SEVERITY_RANK } from "../severity.ts";
import { judgeCode, judgeMarkup } from "./code/code.ts";
import { judgeNoSql, judgeQuery, judgeXml } from "./code/query.ts";
import { judgeCommand } from "./command/command.ts";
import { readings } from "./decode/readings.ts";
import { unmistakable } from "./document.ts";
import { judgeLines } from "./header/header.ts";
import { judgePath } from "./path/path.ts";
import { isPlain } from "./plain.ts";
import { purposeOf } from "./purpose.ts";
import { judgeSql } from "./sql/sql.ts";
import { judgeSsrf } from "./ssrf/ssrf.ts";
import type { AttackKind, Judge, Purpose, Reading } from "./suspicion.ts";

export interface Suspicion {
  readonly kind: AttackKind;
  readonly severity: Severity;
}

/** Each says of what kind of attack a reading is. */
export const JUDGES: readonly (readonly [AttackKind, Judge])[] = [
  ["sql-injection", judgeSql],
  ["path-traversal", judgePath],
  ["ssrf", judgeSsrf],
  ["command-injection", judgeCommand],
  ["code-injection", judgeCode],
  ["markup-injection", judgeMarkup],
  ["line-injection", judgeLines],
  ["xml-injection", judgeXml],
  ["nosql-injection", judgeNoSql],
  ["query-injection", judgeQuery],
];

/** What the value of an argument of this name may be an attack of: each kind once, its worst. */
export function judgeText(text: string, name: string | null): readonly Suspicion[] {
  const purpose = purposeOf(name);
  if (isHarmless(text) || isPlain(text, purpose)) return NOTHING;
  return judgeUnfiltered(text, purpose);
}

/** The same for a text that no first look has let pass. */
export function judgeUnfiltered(text: string, purpose: Purpose): readonly Suspicion[] {
  const worst = new Map<AttackKind, Severity>();
  for (const reading of readings(text, purpose)) {
    if (reading.shape === "value") judgeValue(reading, worst);
    else for (const kind of unmistakable(reading.text)) add(worst, kind, "medium");
  }
  if (worst.size === 0) return NOTHING;
  return [...worst].map(([kind, severity]) => ({ kind, severity }));
}

const NOTHING: readonly Suspicion[] = [];
const PLAIN_MAX_LENGTH = 256;

/** Most values are a word or a few: they are done with here. */
function isHarmless(text: string): boolean {
  if (text.length > PLAIN_MAX_LENGTH) return false;
  return /^[0-9]*$/.test(text) || (text.length < 8 && /^[A-Za-z]*$/.test(text));
}

function judgeValue(reading: Reading, worst: Map<AttackKind, Severity>): void {
  for (const [kind, judge] of JUDGES) {
    const severity = judge(reading);
    if (severity !== null) add(worst, kind, severity);
  }
}

function add(worst: Map<AttackKind, Severity>, kind: AttackKind, severity: Severity): void {
  const known = worst.get(kind);
  if (known === undefined || SEVERITY_RANK[known] < SEVERITY_RANK[severity]) {
    worst.set(kind, severity);
  }
}

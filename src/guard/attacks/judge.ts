import type { Severity } from "../../core/finding.ts";
import { SEVERITY_RANK } from "../severity.ts";
import { judgeCode, judgeMarkup } from "./code/code.ts";
import { judgeNoSql, judgeQuery, judgeXml } from "./code/query.ts";
import { judgeCommand } from "./command/command.ts";
import { readings } from "./decode/readings.ts";
import { judgeLines } from "./header/header.ts";
import { judgePath } from "./path/path.ts";
import { purposeOf } from "./purpose.ts";
import { judgeSql } from "./sql/sql.ts";
import { judgeSsrf } from "./ssrf/ssrf.ts";
import type { Judge, Purpose, Reading } from "./suspicion.ts";

export interface Suspicion {
  readonly kind: string;
  readonly severity: Severity;
}

const JUDGES: readonly (readonly [string, Judge])[] = [
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

export function judgeText(text: string, name: string | null): readonly Suspicion[] {
  const worst = new Map<string, Severity>();
  for (const reading of readings(text, purposeOf(name))) judgeReading(reading, worst);
  return [...worst].map(([kind, severity]) => ({ kind, severity }));
}

function judgeReading(reading: Reading, worst: Map<string, Severity>): void {
  for (const [kind, judge] of JUDGES) {
    const severity = judge(reading);
    if (severity === null) continue;
    const known = worst.get(kind);
    if (known === undefined || SEVERITY_RANK[known] < SEVERITY_RANK[severity])
      worst.set(kind, severity);
  }
}

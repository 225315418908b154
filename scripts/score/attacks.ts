import { crc32 } from "node:zlib";

/** One labelled text of the samples of attacks and of harmless texts. */
export interface AttackRow {
  readonly class: string;
  readonly where: string;
  readonly payload: string;
  /** The argument's name; `text` where there is none. */
  readonly arg?: string;
  /** `payload` is the whole object of arguments. */
  readonly json?: boolean;
  /** `payload` is base64. */
  readonly b64?: boolean;
}

/** What came of one row; `row` is its line, from 1. */
export interface AttackOutcome {
  readonly row: number;
  readonly group: string;
  readonly right: boolean;
}

/** What came of the rows of one class: of attacks those found, of harmless ones those that pass. */
export interface ClassScore {
  readonly rows: number;
  readonly right: number;
}

/** A third of the rows, by the sum of the line, that nobody looks at while the guard is made. */
export function isUnseen(line: string): boolean {
  return crc32(line) % 3 === 0;
}

/** A row as the call that it would come in. */
export function callOf(row: AttackRow, isNamed: boolean): object {
  const text = row.b64 === true ? Buffer.from(row.payload, "base64").toString("utf8") : row.payload;
  const name = isNamed ? (row.arg ?? "text") : "text";
  const args: unknown = row.json === true ? JSON.parse(text) : { [name]: text };
  const params = { name: "scan", arguments: args };
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params };
}

/** The rows, class by class, in the order they come. */
export function scoreAttacks(outcomes: readonly AttackOutcome[]): ReadonlyMap<string, ClassScore> {
  const groups = Map.groupBy(outcomes, ({ group }) => group);
  return new Map(
    [...groups].map(([group, members]) => [
      group,
      { rows: members.length, right: members.filter(({ right }) => right).length },
    ]),
  );
}

export function formatAttackScores(scores: ReadonlyMap<string, ClassScore>): string {
  return [...scores]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([group, { rows, right }]) => {
      const share = ((100 * right) / rows).toFixed(1);
      return `${group.padEnd(34)}${String(right).padStart(5)} of ${String(rows).padStart(4)}  ${share} %`;
    })
    .join("\n");
}

/** Where the rows stand that went wrong; of the unseen nothing is told. */
export function formatAttackMisses(outcomes: readonly AttackOutcome[]): readonly string[] {
  return outcomes
    .filter(({ right, group }) => !right && !group.startsWith("unseen"))
    .map(({ row, group }) => `row ${row}: wrong (${group})`);
}

import type { Severity } from "../../core/finding.ts";

export type AttackKind =
  | "sql-injection"
  | "path-traversal"
  | "ssrf"
  | "command-injection"
  | "code-injection"
  | "markup-injection"
  | "line-injection"
  | "xml-injection"
  | "nosql-injection"
  | "query-injection";

/** What an argument is for, as its name tells; `any` where it tells nothing. */
export type Purpose = "sql" | "path" | "url" | "command" | "code" | "filter" | "any";

/**
 * How a text is to be taken. `value`: one thing, such as a name, a path, a query. `document`: lines
 * of prose or of a program, in which much is quoted that would be an attack where it is meant.
 */
export type Shape = "value" | "document";

/** A text in one of the ways that a program behind the tool may read it. */
export interface Reading {
  readonly text: string;
  readonly purpose: Purpose;
  readonly shape: Shape;
  /** It did not stand there as it is: somebody wrote it in a code. */
  readonly decoded: boolean;
  /** What it holds, as `signs.ts` tells: without a sign, nobody looks for what needs it. */
  readonly signs: number;
}

/** How sure and how bad it is; null where nothing speaks for it. */
export type Judge = (reading: Reading) => Severity | null;

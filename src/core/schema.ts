/**
 * What came of holding a value against a schema of a tool. A place is a JSON Pointer in the value;
 * nothing else of the value is told.
 */
export type SchemaVerdict =
  /** The tool has no such schema. */
  | { readonly kind: "absent" }
  | { readonly kind: "fits" }
  | { readonly kind: "differs"; readonly at: string; readonly keyword: string }
  /** The schema cannot be used: it refers elsewhere, is malformed, or is too much. */
  | { readonly kind: "unusable" }
  /** The value would have taken more work than is given to one. */
  | { readonly kind: "unjudged" };

/** A parameter that a header mirrors (MCP 2026-07-28, "Custom Headers from Tool Parameters"). */
export interface MirroredParameter {
  /** The header's whole name, in lower case. */
  readonly header: string;
  /** The keys that lead from the arguments to the value. */
  readonly path: readonly string[];
  /** Numbers are compared as numbers: `42.0` is `42`. */
  readonly isNumeric: boolean;
}

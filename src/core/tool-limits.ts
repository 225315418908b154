/** What one tool may be sent, may answer, and how long it may take; null is no limit of its own. */
export interface ToolLimits {
  /** Of `params.arguments`, as JSON. */
  readonly argumentsMaxBytes: number | null;
  /** Of the `result`, as JSON. */
  readonly resultMaxBytes: number | null;
  /** From the forwarded call to its answer, whole. */
  readonly timeoutMs: number | null;
}

/** What becomes of a value that does not fit its schema. */
export type SchemaMode = "enforce" | "report" | "off";

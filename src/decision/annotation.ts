import type { EditReceipt } from "../core/audit.ts";

/** Key of our note in a result's `_meta`; the prefix is stripped from what comes in, both ways. */
export const RESERVED_META_PREFIX = "dev.impedance/";
export const ANNOTATION_KEY = `${RESERVED_META_PREFIX}security`;

/** Methods whose results may carry a note: an empty result must stay empty. */
export const ANNOTATED_METHODS: ReadonlySet<string> = new Set([
  "tools/call",
  "resources/read",
  "prompts/get",
]);

/** The note itself, as JSON text (design.md §7). */
export function annotation(
  decisionId: string,
  receipts: readonly EditReceipt[],
  milliseconds: number,
): string {
  const transformations = [
    ...new Set(receipts.map(({ action, rule }) => `${action}:${kind(rule)}`)),
  ];
  return JSON.stringify({
    security_validated: true,
    decision_id: decisionId,
    transformations,
    timing_us: Math.round(milliseconds * 1000),
  });
}

/** `secrets/aws-access-key` → `aws-access-key` */
function kind(rule: string): string {
  return rule.slice(rule.indexOf("/") + 1);
}

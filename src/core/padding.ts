/**
 * How the length of a body or of an event is rounded up, so that whoever watches the wire learns
 * a bucket and nothing finer.
 * - `constant`: to a multiple of a block;
 * - `padme`: by at most 12 %, so that a length tells O(log log length) bits (Nikitin et al.,
 *   "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", section 4);
 * - `step`: to one of the given sizes, and beyond the last to a multiple of it;
 * - `longest`: to the longest that any of several says.
 */
export type PaddingScheme =
  | { readonly kind: "off" }
  | { readonly kind: "constant"; readonly blockBytes: number }
  | { readonly kind: "padme" }
  /** At least one size; ascending. */
  | { readonly kind: "step"; readonly sizes: readonly [number, ...number[]] }
  | { readonly kind: "longest"; readonly of: readonly PaddingScheme[] };

/** What a configuration can choose. */
export type ConfiguredPadding = Exclude<PaddingScheme, { readonly kind: "longest" }>;

/** A scheme, and others that must be met as well. */
export function atLeast(scheme: PaddingScheme, others: readonly PaddingScheme[]): PaddingScheme {
  return others.length === 0 ? scheme : { kind: "longest", of: [scheme, ...others] };
}

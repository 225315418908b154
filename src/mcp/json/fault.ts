/**
 * Why bytes are no document. `offset` is the byte where reading stopped; nothing of the content is
 * kept, so a fault may be logged and sent back.
 */
export interface JsonFault {
  readonly code: JsonFaultCode;
  readonly offset: number;
}

/**
 * - `empty`: no value at all;
 * - `not_utf8`, `bom`: RFC 8259 section 8.1;
 * - `syntax`: outside the grammar of RFC 8259;
 * - `duplicate_key`: one object names a member twice, and peers disagree on which one counts;
 * - `trailing_data`: something but white space behind the value;
 * - `too_deep`, `too_many_values`, `string_too_long`: over a limit of ours.
 */
export type JsonFaultCode =
  | "empty"
  | "not_utf8"
  | "bom"
  | "syntax"
  | "duplicate_key"
  | "trailing_data"
  | "too_deep"
  | "too_many_values"
  | "string_too_long";

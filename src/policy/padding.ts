import type { ConfiguredPadding } from "../core/padding.ts";

/** As `schemas/config.json` bounds them. */
const SIZE_MIN_BYTES = 16;
const SIZE_MAX_BYTES = 1_048_576;
const SIZES = /^[1-9][0-9]{0,7}(?:,[1-9][0-9]{0,7}){0,63}$/;

/**
 * A padding scheme as a policy names it: `padme`, `constant:4096`, `step:1024,65536` (bytes); null
 * for anything else.
 */
export function readPadding(
  text: string,
): Exclude<ConfiguredPadding, { readonly kind: "off" }> | null {
  const at = text.indexOf(":");
  const [scheme, listed] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  if (scheme === "padme" && at < 0) return { kind: "padme" };
  if (!SIZES.test(listed)) return null;
  const sizes = listed.split(",").map(Number);
  const [smallest, ...larger] = sizes.toSorted((one, other) => one - other);
  if (smallest === undefined || smallest < SIZE_MIN_BYTES) return null;
  if (sizes.some((size) => size > SIZE_MAX_BYTES)) return null;
  if (scheme === "constant" && larger.length === 0) return { kind: scheme, blockBytes: smallest };
  return scheme === "step" ? { kind: scheme, sizes: [smallest, ...larger] } : null;
}

import { unescapedParts } from "./escapes.ts";
import type { Run } from "./runs.ts";
import { encodedTokens } from "./tokens.ts";
import type { View } from "./view.ts";

/** Codes inside codes are looked at this deep. */
export const DECODE_MAX_DEPTH = 2;

/** Everything in a text that stands for another text, one layer deep; `signs` as in `signs.ts`. */
export function decodedViews(text: string, runs: readonly Run[], signs: number): readonly View[] {
  const unescaped = unescapedParts(text, signs);
  const tokens = encodedTokens(text, runs);
  if (unescaped.length === 0) return tokens;
  return tokens.length === 0 ? unescaped : [...unescaped, ...tokens];
}

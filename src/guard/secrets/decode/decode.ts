import { unescapedParts } from "./escapes.ts";
import type { Run } from "./runs.ts";
import { encodedTokens } from "./tokens.ts";
import type { View } from "./view.ts";

/** Codes inside codes are looked at this deep. */
export const DECODE_MAX_DEPTH = 2;

/** Everything in a text that stands for another text, one layer deep. */
export function decodedViews(text: string, runs: readonly Run[]): readonly View[] {
  return [...unescapedParts(text), ...encodedTokens(text, runs)];
}

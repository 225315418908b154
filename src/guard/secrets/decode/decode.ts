import { unescapedParts } from "./escapes.ts";
import type { Run } from "./runs.ts";
import { encodedTokens } from "./tokens.ts";
import type { View } from "./view.ts";

/** Codes inside codes are looked at this deep. */
export const DECODE_MAX_DEPTH = 2;

/**
 * Everything in a text that stands for another text, one layer deep. Control characters are looked
 * at where it is known that one of `CONTROLS` is there.
 */
export function decodedViews(
  text: string,
  runs: readonly Run[],
  hasControls = false,
): readonly View[] {
  return [...unescapedParts(text, hasControls), ...encodedTokens(text, runs)];
}

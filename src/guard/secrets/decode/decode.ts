import { unescapedParts } from "./escapes.ts";
import { joinedLines } from "./lines.ts";
import type { Run } from "./runs.ts";
import { encodedTokens } from "./tokens.ts";
import type { View } from "./view.ts";

/** Codes inside codes are looked at this deep. */
export const DECODE_MAX_DEPTH = 2;

/** What a pass over the text has told of it already. */
export interface Seen {
  readonly runs: readonly Run[];
  /** Whether one of `CONTROLS` is in it. */
  readonly hasControls: boolean;
}

/** Everything in a text that stands for another text, one layer deep. */
export function decodedViews(text: string, { runs, hasControls }: Seen): readonly View[] {
  return [...unescapedParts(text, hasControls), ...encodedTokens(text, runs), ...joinedLines(text)];
}

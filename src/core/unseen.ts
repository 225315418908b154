/**
 * Characters that nobody sees, or that steer a terminal: control and format characters (bidirectional
 * marks and tags among them), what is no character, line and paragraph separators, fillers, variation
 * selectors.
 */
const UNSEEN =
  /\p{C}|\p{Zl}|\p{Zp}|\u115f|\u1160|\u3164|\uffa0|\u2800|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

/** The text with each unseen character in the form that `show` gives it. */
export function showUnseen(text: string, show: (character: string) => string): string {
  return text.replace(UNSEEN, show);
}

/** Called for each run, in the order of the text: `[start, end)`, padding included. */
export type RunVisitor = (start: number, end: number) => void;

/** Shorter ones are words. */
export const RUN_LEAST_LENGTH = 16;

const EQUALS = 0x3d;
const IN_RUN = codesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-");

/** Unbroken runs of the characters that tokens are made of; `=` ends a name, or pads base64. */
export function visitRuns(text: string, visitor: RunVisitor): void {
  const { length } = text;
  let start = 0;
  for (let at = 0; at <= length; at++) {
    const code = at < length ? text.charCodeAt(at) : 0;
    if (code < 128 && IN_RUN[code] === 1) continue;
    if (at - start >= RUN_LEAST_LENGTH) {
      visitor(start, code === EQUALS ? paddingEnd(text, at) : at);
    }
    start = at + 1;
  }
}

function paddingEnd(text: string, at: number): number {
  return text.charCodeAt(at + 1) === EQUALS ? at + 2 : at + 1;
}

function codesOf(characters: string): Uint8Array {
  const codes = new Uint8Array(128);
  for (const character of characters) codes[character.charCodeAt(0)] = 1;
  return codes;
}

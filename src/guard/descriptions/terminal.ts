/**
 * Escape sequences of terminals (ECMA-48), which move the cursor, clear the screen, colour text
 * white on white, or carry a text that is not shown.
 */

const STRING_MAX_LENGTH = 4096;
const CONTROL_SEQUENCE = pattern(String.raw`(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?`);
/** OSC, DCS, SOS, PM, APC: a text up to BEL or ST. */
const STRING_START = pattern(String.raw`\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]`);
const STRING_END = pattern(String.raw`\x07|\x1b\\|\x9c`, "g");
const TWO_CHARACTERS = pattern(String.raw`\x1b[ -/]{0,8}[0-Z\\^-~]?`);

/** Where the sequence that begins at `start` ends; null where none begins. */
export function sequenceEnd(text: string, start: number, ends: StringEnds): number | null {
  const controlled = endOf(CONTROL_SEQUENCE, text, start);
  if (controlled !== null) return controlled;
  const opened = endOf(STRING_START, text, start);
  if (opened === null) return endOf(TWO_CHARACTERS, text, start);
  const closed = ends.after(opened);
  return closed !== null && closed - opened <= STRING_MAX_LENGTH ? closed : opened;
}

function pattern(source: string, flags = "y"): RegExp {
  return new RegExp(source, flags);
}

function endOf(pattern: RegExp, text: string, start: number): number | null {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** Where strings of terminals end in one text; asked in its order, it reads the text once. */
export interface StringEnds {
  after(offset: number): number | null;
}

export function stringEndsOf(text: string): StringEnds {
  let reached = -1;
  let exhausted = false;
  return {
    after(offset) {
      if (exhausted) return null;
      if (reached > offset) return reached;
      STRING_END.lastIndex = offset;
      exhausted = !STRING_END.test(text);
      reached = STRING_END.lastIndex;
      return exhausted ? null : reached;
    },
  };
}

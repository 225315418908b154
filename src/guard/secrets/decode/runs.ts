/** An unbroken run of the characters that tokens are made of: `[start, end)`, padding included. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** Shorter ones are words. */
const RUN_LEAST_LENGTH = 16;

const EQUALS = 0x3d;
const IN_RUN = codesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-");

/**
 * All runs of a text; `=` ends a name, or pads base64. Looks at every sixteenth character, and
 * around it only where a run may be: what it reads is a fraction of prose.
 */
export function findRuns(text: string): readonly Run[] {
  const { length } = text;
  if (length < RUN_LEAST_LENGTH) return NOTHING;
  const runs: Run[] = [];
  let from = 0;
  for (let probe = RUN_LEAST_LENGTH - 1; probe < length; ) {
    let start = probe;
    while (start >= from && isInRun(text.charCodeAt(start))) start--;
    start++;
    if (start > probe - RUN_LEAST_LENGTH + 1) {
      // What ends before the probe is too short; the next run starts at `start` at the earliest.
      const end = runEnd(text, probe);
      if (end - start < RUN_LEAST_LENGTH) {
        from = end + 1;
        probe = end + RUN_LEAST_LENGTH;
        continue;
      }
    }
    const end = runEnd(text, probe);
    runs.push({ start, end: paddingEnd(text, end) });
    from = end + 1;
    probe = end + RUN_LEAST_LENGTH;
  }
  return runs;
}

const NOTHING: readonly Run[] = [];

function runEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && isInRun(text.charCodeAt(end))) end++;
  return end;
}

function isInRun(code: number): boolean {
  return code < 128 && IN_RUN[code] === 1;
}

function paddingEnd(text: string, end: number): number {
  if (text.charCodeAt(end) !== EQUALS) return end;
  return text.charCodeAt(end + 1) === EQUALS ? end + 2 : end + 1;
}

function codesOf(characters: string): Uint8Array {
  const codes = new Uint8Array(128);
  for (const character of characters) codes[character.charCodeAt(0)] = 1;
  return codes;
}

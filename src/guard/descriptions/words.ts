import { known, meaningOf } from "./meaning.ts";
import { plainWordsOf } from "./plain-words.ts";
import { endAt, type Word, wordAt } from "./word.ts";

const SCRIPT_WITHOUT_SPACES = String.raw`\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af`;
/**
 * A mark of ours; the end of a sentence; a run of a script without spaces; letters far apart; a
 * word, path, address or URL.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<mark>\[REMOVED:[a-z_]{1,32}\])`,
    String.raw`(?<end>[.!?]+(?=[\s"')\]*]|$)|[。！？；]|\n[ \t\r]*\n)`,
    `(?<run>[${SCRIPT_WITHOUT_SPACES}]+)`,
    String.raw`(?<spaced>(?<!\S)\S(?: {1,3}\S(?!\S)){7,}|(?<![\p{L}\p{N}])[\p{L}\p{N}](?:[._*|-]{1,3}[\p{L}\p{N}](?![\p{L}\p{N}])){5,})`,
    String.raw`(?<word>[~.$@/\\\\]{0,4}(?:(?![${SCRIPT_WITHOUT_SPACES}])[\p{L}\p{M}\p{N}])(?:(?![${SCRIPT_WITHOUT_SPACES}])[\p{L}\p{M}\p{N}_'’./\\:@~$-])*)`,
  ].join("|"),
  "gu",
);

/** What a sentence is made of, as far as rules ask. Reads the text once. */
export function wordsOf(text: string): readonly Word[] {
  return plainWordsOf(text) ?? anyWordsOf(text);
}

/** In any script, and in disguise. */
function anyWordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  let position = 0;
  for (const { index, groups = {}, 0: token } of text.matchAll(TOKEN)) {
    const end = index + token.length;
    if (groups.word !== undefined) {
      position++;
      const meaning = meaningOf(token);
      if (meaning !== null) words.push(wordAt(index, end, position, meaning));
      if (token.endsWith(".") && token.length > 1) words.push(endAt(end - 1, end, position));
    } else if (groups.run !== undefined) {
      position = addRun(words, token, index, position);
    } else if (groups.spaced !== undefined) {
      position = addSpaced(words, token, index, position);
    } else {
      words.push(endAt(index, end, position));
    }
  }
  return words;
}

const LONGEST_IN_RUN = 5;

/** Words of a script without spaces, the longest first; two characters else count as a word. */
function addRun(words: Word[], run: string, offset: number, before: number): number {
  let position = before;
  for (let at = 0; at < run.length; ) {
    const length = longestAt(run, at);
    const text = run.slice(at, at + length);
    const meaning = known(text);
    position += meaning === null ? 0.5 : 1;
    const start = offset + at;
    if (meaning !== null) words.push({ start, end: start + length, ...meaning, position });
    at += length;
  }
  return position;
}

function longestAt(run: string, at: number): number {
  for (let length = Math.min(LONGEST_IN_RUN, run.length - at); length > 1; length--) {
    if (known(run.slice(at, at + length)) !== null) return length;
  }
  return 1;
}

/**
 * `i g n o r e   a l l`: more than one space, or another separator, parts the words. Where nothing
 * does, known words are looked for, the longest first.
 */
function addSpaced(words: Word[], token: string, offset: number, before: number): number {
  let position = before;
  const parts = token.split(/([ ._*|-]{2,3})/);
  let at = offset;
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      const isWhole = parts.length > 1 || part.length < SPACED_WORD_MAX_LENGTH;
      position = isWhole
        ? addLetters(
            words,
            part.replaceAll(/[ *|]|(?<=\w)[.-](?=\w)/g, ""),
            at,
            at + part.length,
            position,
          )
        : addUnparted(words, part, at, position);
    }
    at += part.length;
  }
  return position;
}

const SPACED_WORD_MAX_LENGTH = 24;

function addLetters(
  words: Word[],
  letters: string,
  start: number,
  end: number,
  before: number,
): number {
  const meaning = meaningOf(letters);
  if (meaning !== null) words.push({ start, end, ...meaning, position: before + 1 });
  return before + 1;
}

/** Every second character is a letter. */
function addUnparted(words: Word[], part: string, offset: number, before: number): number {
  const letters = part.replace(/(.)[ ._*|-]/gs, "$1");
  let position = before;
  for (let at = 0; at < letters.length; ) {
    const length = longestWordAt(letters, at);
    const text = letters.slice(at, at + length).toLowerCase();
    const meaning = length > 1 ? known(text) : null;
    position += meaning === null ? 0.2 : 1;
    if (meaning !== null) {
      words.push({
        start: offset + 2 * at,
        end: offset + 2 * (at + length) - 1,
        ...meaning,
        position,
      });
    }
    at += length;
  }
  return position;
}

const SPELT_LONGEST = 14;
const SPELT_SHORTEST = 3;

function longestWordAt(letters: string, at: number): number {
  for (let length = SPELT_LONGEST; length >= SPELT_SHORTEST; length--) {
    if (at + length <= letters.length && known(letters.slice(at, at + length).toLowerCase())) {
      return length;
    }
  }
  return 1;
}

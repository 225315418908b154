import type { Leaf, Location } from "../../core/json.ts";
import type { Extent } from "./subject.ts";

/** Names whose values nobody may see, by JSON key and in text. */
export interface DenyKeys {
  /** Whether the leaf is the value of such a key, however deep below it. */
  covers(leaf: Leaf): boolean;
  /** Values that stand behind such a name in text: `name=value`, `"name": "value"`. */
  find(text: string): readonly Extent[];
}

const NONE: DenyKeys = { covers: () => false, find: () => [] };

/** Parts of a message that describe values and hold none: a schema's `password` is a name. */
const SCHEMA_KEYS: ReadonlySet<string> = new Set([
  "inputSchema",
  "outputSchema",
  "requestedSchema",
]);

/** Names are compared without regard to case, `_` and `-`: `apiKey` is also `API_KEY`. */
export function createDenyKeys(names: readonly string[]): DenyKeys {
  const wanted = new Set(names.map(normalise));
  if (wanted.size === 0) return NONE;
  const pattern = namePattern(names);

  function covers({ location, nature }: Leaf): boolean {
    let covered = false;
    for (let at: Location | null = location; at !== null; at = at.parent) {
      if (typeof at.key !== "string") continue;
      if (SCHEMA_KEYS.has(at.key)) return false;
      covered ||= isWanted(at.key) && !(nature === "key" && at === location);
    }
    return covered;
  }

  function isWanted(key: string): boolean {
    return key.length <= KEY_MAX_LENGTH && wanted.has(normalise(key));
  }

  function find(text: string): readonly Extent[] {
    const found: Extent[] = [];
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const value = isPartOfWord(text, match.index) ? null : valueBehind(text, pattern.lastIndex);
      if (value === null) continue;
      found.push(value);
      pattern.lastIndex = value.end;
    }
    return found;
  }

  return { covers, find };
}

const KEY_MAX_LENGTH = 128;

function normalise(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** Any of the names; the longest first, since the first that fits is taken. */
function namePattern(names: readonly string[]): RegExp {
  const sources = [...names]
    .sort((left, right) => right.length - left.length)
    .map((name) => name.replace(/[^\p{L}\p{N}_]/gu, "\\$&"));
  return new RegExp(sources.join("|"), "gi");
}

function isPartOfWord(text: string, start: number): boolean {
  return /[\p{L}\p{N}_-]/u.test(text.charAt(start - 1)) && text.charAt(start - 2) !== "\\";
}

/** Quotes may be escaped, as in JSON within a string. */
const ASSIGNMENT = /\\?["']?[ \t]{0,8}[:=][ \t]{0,8}/y;
const QUOTED = /(\\?)(["'])((?:(?!\1\2)[^\r\n]){1,1024})(?:\1\2|$)/y;
const UNQUOTED = /[^\s"'`,;&<>{}()[\]\\]{1,1024}/y;
const MARK = /^\[REDACTED[\]:_]/;

/** The value assigned behind offset `at`; null when there is none, or a mark already. */
function valueBehind(text: string, at: number): Extent | null {
  const from = endOf(ASSIGNMENT, text, at);
  if (from === null || MARK.test(text.slice(from, from + 16))) return null;
  QUOTED.lastIndex = from;
  const quoted = QUOTED.exec(text);
  if (quoted !== null) {
    const [, backslash = "", , value = ""] = quoted;
    const start = from + backslash.length + 1;
    return MARK.test(value) ? null : { start, end: start + value.length };
  }
  const end = endOf(UNQUOTED, text, from);
  return end === null ? null : { start: from, end };
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** Whether a whole value is a mark, which says that this was done before. */
export function isMark(text: string): boolean {
  return /^\[REDACTED(?:\]|[:_][A-Za-z0-9_-]{1,64}\])$/.test(text);
}

import { isUtf8 } from "node:buffer";
import type {
  JsonDocument,
  JsonMember,
  JsonNode,
  JsonString,
  Leaf,
  Location,
} from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { type ByteText, byteText } from "./byte-text.ts";
import type { JsonFault, JsonFaultCode } from "./fault.ts";
import { knownName } from "./known-names.ts";
import { escapeLength, numberEnd, spaceEnd } from "./scan.ts";

export type JsonLimits = Pick<Limits, "jsonMaxDepth" | "jsonMaxNodes" | "stringMaxLength">;

/**
 * Reads one JSON text (RFC 8259) in one pass, keeping each value's span and listing its leaves in
 * document order. Time is linear in the bytes, recursion is bounded by `jsonMaxDepth`, and no input
 * makes it throw. Lone surrogate escapes are kept as they are (RFC 8259 section 8.2).
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): Result<JsonDocument, JsonFault> {
  if (startsWithByteOrderMark(bytes)) return err({ code: "bom", offset: 0 });
  if (!isUtf8(bytes)) return err({ code: "not_utf8", offset: 0 });

  const parser = new Parser(bytes, limits);
  const root = parser.document();
  if (root === null) return err(parser.fault);
  return ok({ bytes, root, leaves: parser.leaves });
}

function startsWithByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Up to here, earlier keys are compared one by one; a larger object gets a set. */
const KEYS_COMPARED_DIRECTLY = 8;

/** One pass over the bytes. A method that returns null has set `fault`. */
class Parser {
  readonly leaves: Leaf[] = [];
  fault: JsonFault = { code: "syntax", offset: 0 };

  readonly #bytes: ByteText;
  readonly #limits: JsonLimits;
  #at = 0;
  #nodes = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = byteText(bytes);
    this.#limits = limits;
  }

  document(): JsonNode | null {
    if (this.#skipSpace() === undefined) return this.#fail("empty", 0);
    const root = this.#value(null, null);
    if (root === null) return null;
    if (this.#skipSpace() !== undefined) return this.#fail("trailing_data", this.#at);
    return root;
  }

  #value(location: Location | null, name: string | null): JsonNode | null {
    this.#nodes += 1;
    if (this.#nodes > this.#limits.jsonMaxNodes) return this.#fail("too_many_values", this.#at);
    switch (this.#bytes[this.#at]) {
      case QUOTE: {
        const node = this.#string(false);
        if (node === null) return null;
        this.leaves.push({ node, nature: "text", text: node.value, name, location });
        return node;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        return this.#container(location, name);
      case LETTER_T:
        return this.#literal("true", true);
      case LETTER_F:
        return this.#literal("false", false);
      case LETTER_N:
        return this.#literal("null", null);
      default:
        return this.#number(location, name);
    }
  }

  #container(location: Location | null, name: string | null): JsonNode | null {
    if (this.#depth >= this.#limits.jsonMaxDepth) return this.#fail("too_deep", this.#at);
    this.#depth += 1;
    const isObject = this.#bytes[this.#at] === OPEN_BRACE;
    const node = isObject ? this.#object(location) : this.#array(location, name);
    this.#depth -= 1;
    return node;
  }

  #object(parent: Location | null): JsonNode | null {
    const start = this.#at;
    const members: JsonMember[] = [];
    let seen: Set<string> | null = null;
    this.#at += 1;
    let next = this.#skipSpace();
    while (next !== CLOSE_BRACE || members.length > 0) {
      const entry = next === QUOTE ? this.#member(parent) : this.#fail("syntax", this.#at);
      if (entry === null) return null;
      if (members.length === KEYS_COMPARED_DIRECTLY) seen = keySet(members);
      if (isTaken(entry.key.value, members, seen)) {
        return this.#fail("duplicate_key", entry.key.start);
      }
      members.push(entry);

      next = this.#skipSpace();
      if (next === CLOSE_BRACE) break;
      if (next !== COMMA) return this.#fail("syntax", this.#at);
      this.#at += 1;
      next = this.#skipSpace();
    }
    this.#at += 1;
    return { kind: "object", start, end: this.#at, members };
  }

  #member(parent: Location | null): JsonMember | null {
    const key = this.#string(true);
    if (key === null) return null;
    if (this.#skipSpace() !== COLON) return this.#fail("syntax", this.#at);
    this.#at += 1;
    this.#skipSpace();
    const name = key.value;
    const location: Location = { parent, key: name };
    this.leaves.push({ node: key, nature: "key", text: name, name, location });
    const value = this.#value(location, name);
    return value === null ? null : { key, value };
  }

  #array(parent: Location | null, name: string | null): JsonNode | null {
    const start = this.#at;
    const items: JsonNode[] = [];
    this.#at += 1;
    let next = this.#skipSpace();
    while (next !== CLOSE_BRACKET || items.length > 0) {
      const item = this.#value({ parent, key: items.length }, name);
      if (item === null) return null;
      items.push(item);

      next = this.#skipSpace();
      if (next === CLOSE_BRACKET) break;
      if (next !== COMMA) return this.#fail("syntax", this.#at);
      this.#at += 1;
      next = this.#skipSpace();
    }
    this.#at += 1;
    return { kind: "array", start, end: this.#at, items };
  }

  #string(isName: boolean): JsonString | null {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start + 1;
    let isEscaped = false;
    let union = 0;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === undefined || byte < SPACE) return this.#fail("syntax", at);
      if (byte === BACKSLASH) {
        const length = escapeLength(bytes, at);
        if (length === 0) return this.#fail("syntax", at);
        isEscaped = true;
        at += length;
      } else {
        union |= byte;
        at += 1;
      }
    }
    const end = at + 1;
    const isAscii = union < 0x80;
    const known = isName ? knownName(bytes, start + 1, at) : undefined;
    const value = known ?? textOf(bytes, start, end, isEscaped, isAscii);
    if (value.length > this.#limits.stringMaxLength) return this.#fail("string_too_long", start);
    this.#at = end;
    return { kind: "string", start, end, value };
  }

  #number(location: Location | null, name: string | null): JsonNode | null {
    const start = this.#at;
    const end = numberEnd(this.#bytes, start);
    if (end === start) return this.#fail("syntax", start);
    this.#at = end;
    const first = this.#bytes[start] ?? 0;
    const text =
      end === start + 1 ? String.fromCharCode(first) : this.#bytes.latin1Slice(start, end);
    const node: JsonNode = { kind: "number", start, end, text };
    this.leaves.push({ node, nature: "number", text, name, location });
    return node;
  }

  #literal(word: string, value: true | false | null): JsonNode | null {
    const start = this.#at;
    for (let index = 0; index < word.length; index += 1) {
      if (this.#bytes[start + index] !== word.charCodeAt(index)) {
        return this.#fail("syntax", start + index);
      }
    }
    this.#at = start + word.length;
    return { kind: "literal", start, end: this.#at, value };
  }

  /** The next byte that is no white space; undefined at the end. */
  #skipSpace(): number | undefined {
    const byte = this.#bytes[this.#at];
    if (byte !== undefined && byte > SPACE) return byte;
    this.#at = spaceEnd(this.#bytes, this.#at);
    return this.#bytes[this.#at];
  }

  #fail(code: JsonFaultCode, offset: number): null {
    this.fault = { code, offset };
    return null;
  }
}

function keySet(members: readonly JsonMember[]): Set<string> {
  return new Set(members.map((entry) => entry.key.value));
}

/** Whether the object has the key already; a set, where there is one, learns it. */
function isTaken(key: string, members: readonly JsonMember[], seen: Set<string> | null): boolean {
  if (seen !== null) {
    const size = seen.size;
    return seen.add(key).size === size;
  }
  for (const entry of members) if (entry.key.value === key) return true;
  return false;
}

/** Of a literal in its quotes; one whose escapes were found valid the engine decodes the fastest. */
function textOf(
  bytes: ByteText,
  start: number,
  end: number,
  isEscaped: boolean,
  isAscii: boolean,
): string {
  if (isEscaped) return String(JSON.parse(slice(bytes, start, end, isAscii)));
  return slice(bytes, start + 1, end - 1, isAscii);
}

function slice(bytes: ByteText, start: number, end: number, isAscii: boolean): string {
  return isAscii ? bytes.latin1Slice(start, end) : bytes.utf8Slice(start, end);
}

import { Buffer } from "node:buffer";
import { decodeHuffman } from "./huffman.ts";
import { type Field, STATIC_TABLE } from "./static-table.ts";

/** Of what is announced to peers, and so of all that they may use. */
export const TABLE_MAX_BYTES = 4096;
/** RFC 7541, section 4.1 */
const FIELD_OVERHEAD = 32;

/**
 * Reads header blocks (RFC 7541) of one connection, in the order in which they came. Takes time in
 * proportion to the block and to what it may say, and never throws.
 */
export class HeaderDecoder {
  readonly #listMaxBytes: number;
  /** Newest last; those before `#oldest` are gone. */
  #table: Field[] = [];
  #oldest = 0;
  #tableBytes = 0;
  #tableMaxBytes = TABLE_MAX_BYTES;
  #block: Buffer = EMPTY;
  #at = 0;
  /** The last long text in Huffman's code, and what it says. */
  #lastCoded: Buffer = EMPTY;
  #lastText = "";

  constructor(listMaxBytes: number) {
    this.#listMaxBytes = listMaxBytes;
  }

  /** Null for what is no header block, or says too much: no later one can be read then. */
  decode(block: Buffer): readonly Field[] | null {
    this.#block = block;
    this.#at = 0;
    const fields: Field[] = [];
    let listBytes = 0;
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        // A new size stands in front of all fields (section 4.2).
        if (fields.length > 0 || !this.#resize()) return null;
        continue;
      }
      const field = this.#field(first);
      if (field === null) return null;
      listBytes += sizeOf(field);
      if (listBytes > this.#listMaxBytes) return null;
      fields.push(field);
    }
    this.#block = EMPTY;
    return fields;
  }

  #field(first: number): Field | null {
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(0x7f));
    const isAdded = (first & 0x40) !== 0;
    const index = this.#integer(isAdded ? 0x3f : 0x0f);
    if (index === null) return null;
    const name = index === 0 ? this.#text() : (this.#indexed(index)?.[0] ?? null);
    const value = name === null ? null : this.#text();
    if (name === null || value === null) return null;
    const field: Field = [name, value];
    if (isAdded) this.#add(field);
    return field;
  }

  #indexed(index: number | null): Field | null {
    if (index === null || index === 0) return null;
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1] ?? null;
    const at = this.#table.length - (index - STATIC_TABLE.length);
    return at < this.#oldest ? null : (this.#table[at] ?? null);
  }

  #add(field: Field): void {
    this.#table.push(field);
    this.#tableBytes += sizeOf(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableMaxBytes) {
      const oldest = this.#table[this.#oldest];
      if (oldest === undefined) break;
      this.#tableBytes -= sizeOf(oldest);
      this.#table[this.#oldest] = GONE;
      this.#oldest += 1;
    }
    if (this.#oldest < GONE_MAX) return;
    this.#table = this.#table.slice(this.#oldest);
    this.#oldest = 0;
  }

  #resize(): boolean {
    const size = this.#integer(0x1f);
    if (size === null || size > TABLE_MAX_BYTES) return false;
    this.#tableMaxBytes = size;
    this.#evict();
    return true;
  }

  /** Section 5.1; null for what is cut off, or larger than anything here. */
  #integer(mask: number): number | null {
    const block = this.#block;
    let value = (block[this.#at] ?? 0) & mask;
    this.#at += 1;
    if (value < mask) return value;
    for (let shift = 0; shift <= INTEGER_MAX_SHIFT; shift += 7) {
      if (this.#at >= block.length) return null;
      const byte = block[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    return null;
  }

  /** Section 5.2 */
  #text(): string | null {
    const block = this.#block;
    if (this.#at >= block.length) return null;
    const isCoded = ((block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(0x7f);
    if (length === null || length > block.length - this.#at) return null;
    const start = this.#at;
    this.#at += length;
    return isCoded ? this.#coded(start) : block.toString("latin1", start, this.#at);
  }

  /** Paths come without an index: the same long text, call for call, is decoded once. */
  #coded(start: number): string | null {
    const block = this.#block;
    const end = this.#at;
    const last = this.#lastCoded;
    const length = end - start;
    if (length === last.length && block.compare(last, 0, length, start, end) === 0) {
      return this.#lastText;
    }
    const text = decodeHuffman(block, start, end);
    if (text === null || length < CODED_KEPT_MIN_BYTES) return text;
    this.#lastCoded = Buffer.from(block.subarray(start, end));
    this.#lastText = text;
    return text;
  }
}

const EMPTY = Buffer.alloc(0);
const INTEGER_MAX_SHIFT = 21;
const CODED_KEPT_MIN_BYTES = 24;
/** Stands in the place of a field that has left the table: it may be as long as a block. */
const GONE: Field = ["", ""];
/** How many places of such fields are kept: as many as the table can have of others. */
const GONE_MAX = TABLE_MAX_BYTES / FIELD_OVERHEAD;

function sizeOf([name, value]: Field): number {
  return name.length + value.length + FIELD_OVERHEAD;
}

/**
 * A header block that changes no table, so that it can be made once and said often: literal fields
 * without indexing (section 6.2.2), in plain octets. Values are visible ASCII.
 */
export function encodeHeaders(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) =>
      Buffer.concat([LITERAL, lengthOf(name), octets(name), lengthOf(value), octets(value)]),
    ),
  );
}

const LITERAL = Buffer.of(0);

function octets(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function lengthOf({ length }: string): Buffer {
  if (length < 0x7f) return Buffer.of(length);
  const bytes = [0x7f];
  let rest = length - 0x7f;
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

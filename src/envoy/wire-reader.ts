import type { Piece } from "./grpc-frames.ts";
import { knownName } from "./known-names.ts";

/** As deep as protobuf's own libraries go. */
const DEPTH_MAX = 100;

export const VARINT = 0;
const FIXED_64 = 1;
export const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const VARINT_MAX_BYTES = 10;
/** What the last byte of 32 bits may hold: whatever follows is over. */
const LAST_OF_32_BITS = 4;
const LAST_MAX = 0x0f;
export const WIRE_TYPE_BITS = 3;

/**
 * Reads protobuf, in the order of its bytes. Throws a RangeError on what is none; never reaches beyond
 * the message that it is in.
 *
 * A field has a tag: eight times its number, and its wire type (0: a varint, 1: 64 bits, 2: a
 * length and so many bytes).
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at: number;
  /** Of the message that is being read. */
  #end: number;
  #depth = 0;

  constructor({ bytes, start, end }: Piece) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Of the next field; 0, which no field has, at the end of the message. */
  tag(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.varint();
    if (tag >>> WIRE_TYPE_BITS === 0) throw new RangeError("a field without a number");
    return tag;
  }

  /** Begins a message within this one: its length comes next. Gives what `leave` is to be given. */
  enter(): number {
    if (this.#depth >= DEPTH_MAX) throw new RangeError("nested too deep");
    const outer = this.#end;
    this.#end = this.#endOfValue();
    this.#depth += 1;
    return outer;
  }

  /** Ends it, and passes over what was not read of it. */
  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
    this.#depth -= 1;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Of an entry of a `map<string, …>`. What comes next is its value, if there is one. */
  entryName(): string {
    let name = "";
    let valueAt = this.#end;
    for (let tag = this.tag(); tag !== 0; tag = this.tag()) {
      if (tag === 10) name = this.name();
      else {
        if (tag === 18) valueAt = this.#at;
        this.skip(tag);
      }
    }
    this.#at = valueAt;
    return name;
  }

  /** Of at most 32 bits: of a longer one some would go by unread, or a length be another. */
  varint(): number {
    let value = 0;
    for (let count = 0; ; count += 1) {
      if (this.#at >= this.#end) throw new RangeError(BEYOND);
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value |= (byte & 0x7f) << (7 * count);
      if (count === LAST_OF_32_BITS && byte > LAST_MAX) throw new RangeError("no 32 bits");
      if (byte < 0x80) return value >>> 0;
    }
  }

  bool(): boolean {
    return this.varint() !== 0;
  }

  double(): number {
    const at = this.#at;
    this.#pass(8);
    return this.#bytes.readDoubleLE(at);
  }

  /** What is no UTF-8 becomes U+FFFD. */
  text(): string {
    const start = this.#startOfValue();
    return start === this.#at ? "" : this.#bytes.toString(undefined, start, this.#at);
  }

  /** A text that is likely to be one of those that come with each message. */
  name(): string {
    const start = this.#startOfValue();
    return (
      knownName(this.#bytes, start, this.#at) ?? this.#bytes.toString(undefined, start, this.#at)
    );
  }

  /** A copy: the read of the socket that they came with holds much else, and would be kept too. */
  bytes(): Buffer {
    const start = this.#startOfValue();
    const copy = Buffer.allocUnsafe(this.#at - start);
    this.#bytes.copy(copy, 0, start, this.#at);
    return copy;
  }

  /** Passes over a field that nobody reads ("Message Structure": unknown fields are no fault). */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.#passVarint();
        return;
      case FIXED_64:
        this.#pass(8);
        return;
      case LENGTH_DELIMITED:
        this.#at = this.#endOfValue();
        return;
      case FIXED_32:
        this.#pass(4);
        return;
      default:
        throw new RangeError("no wire type of proto3");
    }
  }

  /** Passes over a value that has a length, and tells where it begins. */
  #startOfValue(): number {
    const end = this.#endOfValue();
    const start = this.#at;
    this.#at = end;
    return start;
  }

  /** Where the value ends whose length comes next. */
  #endOfValue(): number {
    const length = this.varint();
    if (length > this.#end - this.#at) throw new RangeError(BEYOND);
    return this.#at + length;
  }

  #passVarint(): void {
    for (let count = 0; count < VARINT_MAX_BYTES; count += 1) {
      const at = this.#at;
      this.#pass(1);
      if ((this.#bytes[at] ?? 0) < 0x80) return;
    }
    throw new RangeError("a number without an end");
  }

  #pass(length: number): void {
    if (length > this.#end - this.#at) throw new RangeError(BEYOND);
    this.#at += length;
  }
}

const BEYOND = "a value reaches beyond its message";

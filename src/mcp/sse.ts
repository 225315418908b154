import { Buffer } from "node:buffer";
import type { Limits } from "../core/limits.ts";
import {
  type EventFields,
  fieldName,
  type Line,
  lineEnd,
  linesOf,
  NEWLINE,
  readEventFields,
} from "./sse-lines.ts";

/** One event of a stream (WHATWG HTML, "Server-sent events"), with the bytes it came in. */
export interface SseEvent extends EventFields {
  readonly kind: "event";
  /** All its lines and the blank one that ends it; may be a view of a chunk. */
  readonly raw: Uint8Array;
  /** The stream ended before the blank line: a strict client ignores it, a lax one does not. */
  readonly unterminated: boolean;
}

/**
 * - `pass`: what means nothing to a client, to be forwarded at once: a comment or a blank line
 *   outside an event, a leading byte order mark, the LF behind a CR that ended the item before;
 * - `too_large`: more bytes than one item may have. Nothing follows it.
 */
export type SseItem =
  | SseEvent
  | { readonly kind: "pass"; readonly raw: Uint8Array }
  | { readonly kind: "too_large" };

export interface SseParser {
  push(chunk: Uint8Array): SseItem[];
  /** Whatever was begun and not ended. */
  end(): SseItem[];
}

/**
 * Cuts a stream into events. The items are the same however the stream was split into chunks, their
 * `raw` bytes in order are the stream, each byte is looked at once as it comes, and no more than
 * `sseEventMaxBytes` and one chunk are held. An event ends with the CR of its blank line, so that
 * it need not wait to see whether an LF follows: the LF is an item of its own.
 */
export function createSseParser(limits: Pick<Limits, "sseEventMaxBytes">): SseParser {
  return new Parser(limits.sseEventMaxBytes);
}

/**
 * The same event with other data: its data lines give way to new ones in the first one's place (or
 * in front of the blank line), all other lines stay byte for byte.
 */
export function encodeEvent(item: SseEvent, newData: Uint8Array): Uint8Array {
  const { raw } = item;
  const parts: Uint8Array[] = [];
  let isWritten = false;
  for (const line of linesOf(raw)) {
    const isData = fieldName(raw, line) === "data";
    if (!isWritten && (isData || line.end === line.start)) {
      addDataLines(parts, newData, terminatorOf(raw, line));
      isWritten = true;
    }
    if (isData) continue;
    // Where a data line stood between a CR and an LF, they must not become one line end.
    if (parts.at(-1)?.at(-1) === CR && raw[line.start] === LF) parts.push(NEWLINE);
    parts.push(raw.subarray(line.start, line.next));
  }
  if (!isWritten) {
    parts.push(NEWLINE);
    addDataLines(parts, newData, NEWLINE);
  }
  return Buffer.concat(parts);
}

/** One `data:` line for each line of the data, whatever ends it. */
function addDataLines(lines: Uint8Array[], data: Uint8Array, terminator: Uint8Array): void {
  const prefix = Buffer.from("data: ");
  let end = -1;
  for (const line of linesOf(data)) {
    lines.push(prefix, data.subarray(line.start, line.end), terminator);
    end = line.end;
  }
  // What ends with a line end, and nothing at all, has one more line: an empty one.
  if (end !== data.length) lines.push(prefix, terminator);
}

function terminatorOf(raw: Uint8Array, line: Line): Uint8Array {
  return line.next === line.end ? NEWLINE : raw.subarray(line.end, line.next);
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const EMPTY = new Uint8Array(0);

/** What the line that is being read has turned out to be. */
type LineKind = "empty" | "comment" | "field";

class Parser implements SseParser {
  readonly #maxBytes: number;
  /** The item that is being read, as far as it came with earlier chunks; has room to grow. */
  #held: Uint8Array = EMPTY;
  #heldBytes = 0;
  #line: LineKind = "empty";
  #isInEvent = false;
  #isAfterCarriageReturn = false;
  /** Bytes of a leading byte order mark seen so far; -1 once there can be none. */
  #markBytes = 0;
  #isOver = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): SseItem[] {
    const items: SseItem[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length && !this.#isOver; at += 1) {
      if (this.#line !== "empty") at = lineEnd(chunk, at);
      if (at === chunk.length) break;
      if (!this.#endsItem(chunk[at] ?? 0)) continue;
      items.push(this.#item(this.#taken(chunk.subarray(start, at + 1)), false));
      start = at + 1;
    }
    if (this.#isOver) return items;
    this.#hold(chunk.subarray(start));
    if (this.#heldBytes > this.#maxBytes) items.push(this.#tooLarge());
    return items;
  }

  end(): SseItem[] {
    if (this.#heldBytes === 0) return [];
    if (this.#line === "field") this.#isInEvent = true;
    return [this.#item(this.#taken(EMPTY), true)];
  }

  /** Takes one byte in; true when it is the last one of an item. */
  #endsItem(byte: number): boolean {
    if (this.#markBytes !== -1) {
      if (byte === BYTE_ORDER_MARK[this.#markBytes]) return this.#endsMark();
      if (this.#markBytes > 0) this.#line = "field";
      this.#markBytes = -1;
    }
    const isSecondHalf = byte === LF && this.#isAfterCarriageReturn;
    this.#isAfterCarriageReturn = byte === CR;
    // Inside an event the CR is still held; outside, it has ended an item and is gone.
    if (isSecondHalf) return !this.#isInEvent;
    if (byte === LF || byte === CR) return this.#endsLine();
    if (this.#line === "empty") this.#line = byte === COLON ? "comment" : "field";
    return false;
  }

  #endsMark(): boolean {
    this.#markBytes += 1;
    if (this.#markBytes < BYTE_ORDER_MARK.length) return false;
    this.#markBytes = -1;
    return true;
  }

  #endsLine(): boolean {
    const line = this.#line;
    this.#line = "empty";
    if (line === "field") this.#isInEvent = true;
    return line === "empty" || !this.#isInEvent;
  }

  #item(raw: Uint8Array, unterminated: boolean): SseItem {
    const isEvent = this.#isInEvent;
    this.#isInEvent = false;
    if (raw.length > this.#maxBytes) return this.#tooLarge();
    return isEvent
      ? { kind: "event", raw, ...readEventFields(raw), unterminated }
      : { kind: "pass", raw };
  }

  #tooLarge(): SseItem {
    this.#isOver = true;
    this.#held = EMPTY;
    this.#heldBytes = 0;
    return { kind: "too_large" };
  }

  /** The whole item that ends with `piece`. */
  #taken(piece: Uint8Array): Uint8Array {
    if (this.#heldBytes === 0) return piece;
    this.#hold(piece);
    const raw = this.#held.subarray(0, this.#heldBytes);
    this.#held = EMPTY;
    this.#heldBytes = 0;
    return raw;
  }

  /** Copies, so that no chunk is kept alive; room doubles, so that copying stays linear. */
  #hold(piece: Uint8Array): void {
    const bytes = this.#heldBytes + piece.length;
    if (bytes > this.#held.length) {
      const grown = new Uint8Array(Math.max(bytes, 2 * this.#held.length));
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = bytes;
  }
}

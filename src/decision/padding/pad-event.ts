import { Buffer } from "node:buffer";
import { atLeast, type PaddingScheme } from "../../core/padding.ts";
import { paddedLength } from "./bucket.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const NOTHING = new Uint8Array(0);

/** A colon and a line feed. Every event gets a comment, so that any bucket can be reached. */
const COMMENT_MIN_BYTES = 2;

/** Some clients read lines into buffers of a fixed size. */
const COMMENT_LINE_BYTES = 1024;

/** Pads one stream, item by item and in order. */
export interface StreamPadding {
  /** `others`: schemes that this event must meet as well. */
  event(event: Uint8Array, others?: readonly PaddingScheme[]): Uint8Array;
  /**
   * What means nothing to a client. A comment is padded as an event is; blank lines, and the LF
   * behind a CR, are left out.
   */
  passing(raw: Uint8Array): Uint8Array;
}

export function createStreamPadding(scheme: PaddingScheme, maxBytes: number): StreamPadding {
  let begun = false;
  const pad = (block: Uint8Array, others: readonly PaddingScheme[] = []): Uint8Array => {
    begun ||= block.length > 0;
    return padEvent(block, atLeast(scheme, others), maxBytes);
  };
  if (scheme.kind === "off") return { event: pad, passing: (raw) => raw };
  return {
    event: pad,
    passing(raw) {
      if (raw[0] === COLON) return pad(raw);
      // A byte order mark counts at the very start only: nothing may be moved there.
      return begun ? NOTHING : raw;
    },
  };
}

/**
 * The same event with comment lines in front of its first line, up to the bucket of what it needs
 * at least: its own bytes and the shortest comment. Clients skip comments (WHATWG HTML section
 * 9.2.6). An `event` is its lines and the blank one that ends it; where that ends with a CR, the LF
 * that may still come is put behind it at once: to a client the two are one line end.
 */
export function padEvent(event: Uint8Array, scheme: PaddingScheme, maxBytes: number): Uint8Array {
  if (scheme.kind === "off" || event.length === 0) return event;
  const end = event.at(-1) === CR ? Uint8Array.of(LF) : NOTHING;
  const own = event.length + end.length;
  const needed = own + COMMENT_MIN_BYTES;
  const length = needed > maxBytes ? own : paddedLength(needed, scheme, maxBytes);
  return Buffer.concat([commentOf(length - own), event, end], length);
}

/** Comment lines of so many bytes in all: none, or two or more. */
function commentOf(bytes: number): Uint8Array {
  const comment = Buffer.alloc(bytes, SPACE);
  for (let start = 0; start < bytes; ) {
    const rest = bytes - start;
    // What is left over must be long enough for a line of its own.
    const length =
      rest <= COMMENT_LINE_BYTES ? rest : Math.min(COMMENT_LINE_BYTES, rest - COMMENT_MIN_BYTES);
    comment[start] = COLON;
    comment[start + length - 1] = LF;
    start += length;
  }
  return comment;
}

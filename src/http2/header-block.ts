import { Buffer } from "node:buffer";
import type { Frame } from "./frame.ts";
import { ERROR, type ErrorCode, FLAG, FRAME_HEAD_BYTES } from "./protocol.ts";
import { HEADER_LIST_MAX_BYTES } from "./settings.ts";

/** Of one block, in all its frames: the longest list of fields that is announced, and their heads. */
const BLOCK_MAX_BYTES = HEADER_LIST_MAX_BYTES + 1024;
const PRIORITY_BYTES = 5;

export interface HeaderBlock {
  readonly stream: number;
  readonly isEnd: boolean;
  readonly bytes: Buffer;
}

interface Begun {
  readonly stream: number;
  readonly isEnd: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** Puts the frames of a header block together (RFC 9113, section 4.3): nothing may come between. */
export class HeaderBlocks {
  #begun: Begun | null = null;

  get hasBegun(): boolean {
    return this.#begun !== null;
  }

  /** Null while the block is not whole. */
  begin(frame: Frame): HeaderBlock | ErrorCode | null {
    if (frame.stream % 2 === 0 || !frame.stripPadding()) return ERROR.protocol;
    const start = frame.start + (frame.has(FLAG.priority) ? PRIORITY_BYTES : 0);
    if (start > frame.end) return ERROR.protocol;
    const { stream } = frame;
    const isEnd = frame.has(FLAG.endStream);
    const bytes = frame.bytes.subarray(start, frame.end);
    if (frame.has(FLAG.endHeaders)) return { stream, isEnd, bytes };
    this.#begun = { stream, isEnd, parts: [Buffer.from(bytes)], bytes: bytes.length };
    return null;
  }

  goOn(frame: Frame): HeaderBlock | ErrorCode | null {
    const begun = this.#begun;
    if (begun === null || begun.stream !== frame.stream) return ERROR.protocol;
    // Each counts for its head, too: else those without a payload could go on for ever.
    begun.bytes += FRAME_HEAD_BYTES + frame.length;
    if (begun.bytes > BLOCK_MAX_BYTES) return ERROR.enhanceYourCalm;
    begun.parts.push(Buffer.from(frame.bytes.subarray(frame.start, frame.end)));
    if (!frame.has(FLAG.endHeaders)) return null;
    this.#begun = null;
    return { stream: begun.stream, isEnd: begun.isEnd, bytes: Buffer.concat(begun.parts) };
  }
}

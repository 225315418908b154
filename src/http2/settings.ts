import type { Frame } from "./frame.ts";
import { TABLE_MAX_BYTES } from "./hpack.ts";
import type { Output } from "./output.ts";
import {
  ERROR,
  type ErrorCode,
  FRAME,
  FRAME_MAX_BYTES,
  WINDOW_DEFAULT_BYTES,
  WINDOW_MAX_BYTES,
} from "./protocol.ts";

/** Section 6.5.2 */
const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;
const SETTING_BYTES = 6;
const FRAME_MAX_SETTING = 2 ** 24 - 1;

/** What a stream may send before it is taken in: a body of a usual size in one go. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
export const HEADER_LIST_MAX_BYTES = 64 * 1024;
/** Each stream of a client that is open is one here. */
export const STREAMS_MAX = 100_000;

export function saySettings(output: Output): void {
  const settings = [
    [SETTING.headerTableSize, TABLE_MAX_BYTES],
    [SETTING.maxConcurrentStreams, STREAMS_MAX],
    [SETTING.initialWindowSize, STREAM_WINDOW_BYTES],
    [SETTING.maxHeaderListSize, HEADER_LIST_MAX_BYTES],
  ] as const;
  output.head(FRAME.settings, 0, 0, settings.length * SETTING_BYTES);
  for (const [name, value] of settings) output.setting(name, value);
}

/** What the peer wants; the rest of its settings is about what we never do. */
export class PeerSettings {
  streamWindowBytes = WINDOW_DEFAULT_BYTES;
  frameMaxBytes = FRAME_MAX_BYTES;

  /** Null, or what is wrong with them. */
  read({ bytes, start, end }: Frame): ErrorCode | null {
    if ((end - start) % SETTING_BYTES !== 0) return ERROR.frameSize;
    for (let at = start; at < end; at += SETTING_BYTES) {
      const wrong = this.#set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
      if (wrong !== null) return wrong;
    }
    return null;
  }

  #set(name: number, value: number): ErrorCode | null {
    if (name === SETTING.initialWindowSize) {
      if (value > WINDOW_MAX_BYTES) return ERROR.flowControl;
      this.streamWindowBytes = value;
    } else if (name === SETTING.maxFrameSize) {
      if (value < FRAME_MAX_BYTES || value > FRAME_MAX_SETTING) return ERROR.protocol;
      this.frameMaxBytes = value;
    } else if (name === SETTING.enablePush && value > 1) return ERROR.protocol;
    return null;
  }
}

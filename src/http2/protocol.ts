/** Names and bounds of RFC 9113. */

/** Section 6 */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 };

/** Section 7 */
export const ERROR = {
  noError: 0,
  protocol: 1,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export type ErrorCode = (typeof ERROR)[keyof typeof ERROR];

/** What a client says first (section 3.4). */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export const FRAME_HEAD_BYTES = 9;
/** Of a frame's payload, until a setting says otherwise; we never do. */
export const FRAME_MAX_BYTES = 16_384;
export const WINDOW_DEFAULT_BYTES = 65_535;
export const WINDOW_MAX_BYTES = 2 ** 31 - 1;

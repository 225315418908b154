import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A frame of HTTP/2 (RFC 9113 section 4.1). */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const DATA = 0;
export const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const ACK = 1;
const FRAME_HEAD_BYTES = 9;

/** A connection over which a test says whatever it likes, in one segment if it likes. */
export interface RawConnection extends AsyncDisposable {
  readonly frames: readonly Frame[];
  send(...frames: readonly Buffer[]): void;
}

export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, "127.0.0.1");
  // The service may end it: that is what some tests are about.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const frames: Frame[] = [];
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (const frame of framesOf(rest)) {
      frames.push(frame);
      rest = rest.subarray(FRAME_HEAD_BYTES + frame.payload.length);
      const isAsked = frame.type === SETTINGS && (frame.flags & ACK) === 0;
      if (isAsked) socket.write(frameOf(SETTINGS, ACK, 0));
    }
  });
  socket.write(Buffer.concat([PREFACE, frameOf(SETTINGS, 0, 0)]));
  return {
    frames,
    send: (...all) => socket.write(Buffer.concat(all)),
    [Symbol.asyncDispose]: () => closed(socket),
  };
}

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Ends it, and waits until it is gone. */
export async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const over = once(socket, "close");
  socket.destroy();
  await over;
}

/** Whole frames, one behind the other. */
export function framesOf(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + FRAME_HEAD_BYTES <= bytes.length; ) {
    const start = at + FRAME_HEAD_BYTES;
    const end = start + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    const payload = bytes.subarray(start, end);
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload });
    at = end;
  }
  return frames;
}

export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `RST_STREAM` with an error code of RFC 9113 section 7; 0 is NO_ERROR, 8 CANCEL. */
export function resetOf(stream: number, code: number): Buffer {
  return frameOf(RST_STREAM, 0, stream, numberOf(code));
}

export function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A list of headers as literals without indexing (RFC 7541 section 6.2.2), each up to 126 bytes. */
export function literalHeaders(headers: { readonly [name: string]: string }): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const entries = Object.entries(headers);
  return Buffer.concat(
    entries.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  );
}

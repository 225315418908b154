import { once } from "node:events";
import { connect } from "node:net";
import { type Frame, frameOf } from "./raw-http2.ts";
import { waitFor } from "./wait.ts";

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const SETTINGS = frameOf(4, 0, 0);
export const PING = frameOf(6, 0, 0, Buffer.from("are you?"));

/** A peer that says nothing by itself, not even what it must. */
export interface RawPeer extends AsyncDisposable {
  /** What came, in whole frames. */
  frames(): readonly Frame[];
  send(...bytes: readonly Buffer[]): void;
  /** Waits until a frame has come. */
  seen(what: string, isIt: (frame: Frame) => boolean): Promise<Frame>;
  /** Waits until the other side has ended the connection, and gives back the code of its `GOAWAY`. */
  ended(): Promise<number | null>;
  readonly socket: ReturnType<typeof connect>;
}

export async function connectPeer(port: number): Promise<RawPeer> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const frames = () => framesOf(Buffer.concat(chunks));
  return {
    socket,
    frames,
    send: (...bytes) => socket.write(Buffer.concat(bytes)),
    seen: (what, isIt) => waitFor(what, () => frames().find(isIt)),
    async ended() {
      await waitFor("the end of the connection", () => socket.closed);
      return (
        frames()
          .find(({ type }) => type === 7)
          ?.payload.readUInt32BE(4) ?? null
      );
    },
    async [Symbol.asyncDispose]() {
      if (socket.closed) return;
      const over = once(socket, "close");
      socket.destroy();
      await over;
    },
  };
}

/** Whole frames, one behind the other. */
export function framesOf(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    const payload = bytes.subarray(at + 9, end);
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload });
    at = end;
  }
  return frames;
}

export function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function settingOf(name: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(name);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

export function windowUpdate(stream: number, more: number): Buffer {
  return frameOf(8, 0, stream, numberOf(more));
}

import { once } from "node:events";
import { connect } from "node:net";
import { closed, type Frame, frameOf, framesOf, numberOf } from "./raw-http2.ts";
import { waitFor } from "./wait.ts";

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
    [Symbol.asyncDispose]: () => closed(socket),
  };
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

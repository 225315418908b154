import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Http2Server } from "../../src/http2/server.ts";
import type { Stream, StreamListener } from "../../src/http2/stream.ts";

/** An HTTP/2 server of ours on a free port of the loopback. */
export interface Http2Service extends AsyncDisposable {
  readonly port: number;
  readonly server: Http2Server;
  readonly sockets: readonly Duplex[];
}

export async function serveHttp2(
  onStream: (stream: Stream) => void,
  tls: TlsOptions | null = null,
): Promise<Http2Service> {
  const server = new Http2Server(onStream);
  const sockets: Duplex[] = [];
  const accept = (socket: Socket) => {
    sockets.push(socket);
    server.accept(socket);
  };
  const listener = tls === null ? createServer(accept) : createTlsServer(tls, accept);
  await once(listener.listen(0, "127.0.0.1"), "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    server,
    sockets,
    async [Symbol.asyncDispose]() {
      server.close();
      const over = once(listener, "close");
      listener.close();
      await over;
    },
  };
}

/** A listener that does nothing, but for some. */
export function streamListener(some: Partial<StreamListener>): StreamListener {
  const nothing = () => undefined;
  return {
    ...{ onData: nothing, onEnd: nothing, onDrain: nothing, onFinish: nothing, onReset: nothing },
    ...some,
  };
}

import { lookup } from "node:dns/promises";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createTlsServer, type GrpcTls } from "./grpc-tls.ts";
import { hostAndPort, listenBeside, listening, pathOf } from "./takeover.ts";
import { bindPrivately } from "./unix-socket.ts";

export interface ListenSettings {
  /** `HOST:PORT` (port 0: any free one) or `unix:/path`. */
  readonly address: string;
  readonly tls?: GrpcTls | null;
  readonly takesOver?: boolean;
}

export interface Bound {
  /** The port that was bound; 0 for a Unix socket. */
  readonly port: number;
  /** Leaves the address to whoever listens there, too; resolves once no connection comes any more. */
  leave(): Promise<void>;
  /** Accepts nothing any more. */
  close(): void;
}

/** Accepts connections at an address. Rejects with the system's error. */
export async function listen(
  { address, tls = null, takesOver = false }: ListenSettings,
  accept: (socket: Duplex) => void,
): Promise<Bound> {
  const onSocket = tls === null ? acceptPlain(accept) : acceptTls(tls, accept);
  if (takesOver) {
    const { port, stop } = await listenBeside(address, onSocket);
    return { port, leave: stop, close: () => void stop() };
  }
  const path = pathOf(address);
  const servers: Server[] = [];
  const open = async (options: ListenOptions) => {
    const server = createServer(onSocket);
    await listening(server, options);
    servers.push(server);
    return portOf(server);
  };
  const close = () => {
    for (const server of servers) server.close();
  };
  // Whoever listens alone has nobody to leave the address to.
  const bound = { leave: async () => undefined, close };
  if (path !== null) return { port: await bindPrivately(path, () => open({ path })), ...bound };
  const { host, port } = hostAndPort(address);
  const [first, ...others] = await lookup(host, { all: true });
  try {
    const own = await open({ host: first?.address ?? host, port });
    // A name may stand for several: `localhost` for one of each kind.
    for (const { address: host } of others) await open({ host, port: own });
    return { port: own, ...bound };
  } catch (error) {
    close();
    throw error;
  }
}

function acceptPlain(accept: (socket: Duplex) => void): (socket: Socket) => void {
  return (socket) => {
    socket.setNoDelay();
    accept(socket);
  };
}

function acceptTls({ live }: GrpcTls, accept: (socket: Duplex) => void): (socket: Socket) => void {
  const server = createTlsServer(live, accept);
  return (socket) => {
    socket.setNoDelay();
    server.emit("connection", socket);
  };
}

function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

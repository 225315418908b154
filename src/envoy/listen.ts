import { lookup } from "node:dns/promises";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createTlsServer, type GrpcTls } from "./grpc-tls.ts";
import { hostAndPort, type Listener, listenBeside, listening, pathOf, portOf } from "./takeover.ts";
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
  /** Also those on which nobody has said yet who he is. */
  readonly openConnections: number;
  /** Leaves the address to whoever listens there, too; resolves once no connection comes any more. */
  leave(): Promise<void>;
  /** Accepts nothing any more, and ends what is open. */
  close(): void;
}

/** A peer whose machine is gone says no more; the system looks after so long a silence. */
const SILENCE_MS = 60_000;

/** Accepts connections at an address. Rejects with the system's error. */
export async function listen(
  { address, tls = null, takesOver = false }: ListenSettings,
  accept: (socket: Duplex) => void,
): Promise<Bound> {
  const connections = createConnections(tls === null ? accept : acceptTls(tls, accept));
  const listener = takesOver
    ? await listenBeside(address, connections.accept)
    : await listenAlone(address, connections.accept);
  return {
    port: listener.port,
    get openConnections() {
      return connections.open.size;
    },
    leave: () => (takesOver ? listener.stop() : Promise.resolve()),
    close() {
      void listener.stop();
      connections.close();
    },
  };
}

function createConnections(accept: (socket: Socket) => void) {
  const open = new Set<Socket>();
  let isClosed = false;
  return {
    open,
    accept(socket: Socket): void {
      if (isClosed) {
        socket.destroy();
        return;
      }
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      socket.setNoDelay();
      socket.setKeepAlive(true, SILENCE_MS);
      accept(socket);
    },
    close(): void {
      isClosed = true;
      for (const socket of open) socket.destroy();
    },
  };
}

function acceptTls({ live }: GrpcTls, accept: (socket: Duplex) => void): (socket: Socket) => void {
  const server = createTlsServer(live, accept);
  return (socket) => server.emit("connection", socket);
}

async function listenAlone(address: string, onSocket: (socket: Socket) => void): Promise<Listener> {
  const servers: Server[] = [];
  const stop = async () => {
    for (const server of servers) server.close();
  };
  const open = async (options: ListenOptions) => {
    const server = createServer(onSocket);
    await listening(server, options);
    servers.push(server);
    return portOf(server);
  };
  const path = pathOf(address);
  if (path !== null) return { port: await bindPrivately(path, () => open({ path })), stop };
  const { host, port } = hostAndPort(address);
  const found = await lookup(host, { all: true });
  try {
    const hosts = found.map((each) => each.address);
    return { port: await openAll(hosts, port, open), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A name may stand for several addresses, `localhost` for one of each kind: all of them that this
 * machine has, at the same port. Rejects where it has none, and where one is taken.
 */
export async function openAll(
  hosts: readonly string[],
  port: number,
  open: (at: { readonly host: string; readonly port: number }) => Promise<number>,
): Promise<number> {
  let bound: number | null = null;
  let missing: unknown = new Error("the name stands for no address");
  for (const host of new Set(hosts)) {
    try {
      bound = await open({ host, port: bound ?? port });
    } catch (error) {
      if (!isMissing(error)) throw error;
      missing = error;
    }
  }
  if (bound === null) throw missing;
  return bound;
}

/** Such as `::1`, which is in the host table of many containers that have no IPv6. */
function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

import { chmodSync, renameSync, unlinkSync } from "node:fs";
import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";

/** Where connections arrive, beside another process that may listen there still. */
export interface Listener {
  /** 0 for a Unix socket. */
  readonly port: number;
  /** No longer; connections that were accepted go on. Resolves once none is accepted any more. */
  stop(): Promise<void>;
}

const OWNER_ONLY = 0o600;
const SHORT_TURN_MS = 1;
const SHORT_TURN_WAIT_MS = 1_000;
const ALL_BUT_OWNERS_READ_AND_WRITE = 0o177;

/**
 * Listens at an address (`HOST:PORT` or `unix:/path`) that the process which is to be replaced
 * holds too: at no moment does nobody listen. Rejects with the system's error.
 */
export async function listenBeside(
  address: string,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const server = createServer(onConnection);
  const path = pathOf(address);
  if (path !== null) return takePath(server, path);
  // The system deals connections out to all that listen, until the old one no longer does.
  await listening(server, { ...hostAndPort(address), reusePort: true });
  return { port: portOf(server), stop: () => stopAccepting(server) };
}

/**
 * What has connected and was not accepted yet would be cut off, with the calls on it. After a whole turn
 * of the event loop nothing of that is left at a path, to which nobody comes any more; at a port it is
 * what came since the turn began, so that a short one is waited for.
 */
function stopAccepting(server: Server): Promise<void> {
  const until = performance.now() + SHORT_TURN_WAIT_MS;
  const { promise, resolve } = Promise.withResolvers<void>();
  const afterTurn = (began: number) => {
    const now = performance.now();
    if (now - began > SHORT_TURN_MS && now < until) {
      setImmediate(() => afterTurn(now));
      return;
    }
    server.close();
    resolve();
  };
  // An immediate set within an immediate runs after the next poll for events, and not before it.
  setImmediate(() => {
    const began = performance.now();
    setImmediate(() => afterTurn(began));
  });
  return promise;
}

/** A path leads to one socket: renamed over the old one, it leads here from one call to the next. */
async function takePath(server: Server, path: string): Promise<Listener> {
  const own = `${path}.${process.pid}`;
  const before = process.umask(ALL_BUT_OWNERS_READ_AND_WRITE);
  try {
    await listening(server, { path: own });
  } finally {
    process.umask(before);
  }
  chmodSync(own, OWNER_ONLY);
  renameSync(own, path);
  return { port: 0, stop: () => stopAccepting(server) };
}

/** The port that was bound; 0 for a Unix socket. */
export function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

/**
 * Rejects with the system's error. Later ones are of connections that cannot be accepted, for there
 * are no descriptors left: it is the peer that comes again then, and those that are open go on.
 */
export function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    // Of no meaning once it is settled.
    server.on("error", reject);
    server.listen(options, resolve);
  });
}

/**
 * Whether a process listens there already, and be it one that would share the address. Asked before
 * the first worker of a service takes it: two services at one address would each have half.
 */
export async function isTaken(address: string): Promise<boolean> {
  const path = pathOf(address);
  if (path !== null) return answers(path);
  const server = createServer();
  try {
    await listening(server, hostAndPort(address));
    return false;
  } catch {
    return true;
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Takes the path away that nobody listens on any more. */
export function removeSocket(address: string): void {
  const path = pathOf(address);
  if (path === null) return;
  try {
    unlinkSync(path);
  } catch {
    // Nothing is there: as it should be.
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export function pathOf(address: string): string | null {
  return /^unix:(.*)$/s.exec(address)?.[1] ?? null;
}

export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(address.slice(at + 1)) };
}

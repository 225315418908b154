import type { Duplex } from "node:stream";
import type { ExtProc } from "./ext-proc.ts";

/**
 * Within this time a proxy has left all connections that it had: in our bootstrap none takes calls
 * for longer than 3 s (`max_connection_duration`).
 */
export const PEERS_LEAVE_MS = 6_000;
/** Who is sent away has heard it by then, and what he had opened before that has arrived. */
const PEERS_HEAR_MS = 1_000;

export interface Peers {
  openConnections(): number;
  /** Of these, those by which calls never come. */
  healthCheckers(): number;
  /** Sends all elsewhere with what is new; what they have opened is served. */
  goAway(): void;
}

/**
 * Connections by which nobody asks for anything but our health. A proxy's health checker keeps its
 * own for as long as there is an answer, and no call ever comes by it: nobody waits until it leaves by itself.
 */
export class HealthCheckers {
  readonly #kinds = new Map<Duplex, "health" | "calls">();

  /** A connection that has brought one call may bring more, whatever else it asks for. */
  comesBy(socket: Duplex, kind: "health" | "calls"): void {
    const known = this.#kinds.get(socket);
    if (known === "calls" || known === kind) return;
    this.#kinds.set(socket, kind);
    if (known === undefined) socket.once("close", () => this.#kinds.delete(socket));
  }

  get open(): number {
    let count = 0;
    for (const kind of this.#kinds.values()) if (kind === "health") count += 1;
    return count;
  }
}

/**
 * Waits until the peers have left for the other process at the address, refusing nothing, and then
 * for what is open, until the deadline. Who has not left by himself is sent away; what he has opened
 * meanwhile is answered still.
 */
export async function handOver(
  peers: Peers,
  extProc: Pick<ExtProc, "openStreams" | "endListening">,
  deadlineMs: number,
): Promise<void> {
  const until = performance.now() + deadlineMs;
  const callersHaveLeft = () => peers.openConnections() <= peers.healthCheckers();
  await isTrueWithin(callersHaveLeft, Math.min(PEERS_LEAVE_MS, deadlineMs));
  extProc.endListening();
  peers.goAway();
  // Whoever has heard it, and waits for nothing more, hangs up.
  const haveLeft = () => peers.openConnections() === 0;
  await isTrueWithin(haveLeft, Math.min(PEERS_HEAR_MS, until - performance.now()));
  await allClosed(extProc, until - performance.now());
}

const LAST_WORDS_MS = 1_000;

/** Ends what is left, closed, and waits a moment until all that was said has left this process. */
export async function endAll(
  server: { readonly isSent: boolean },
  extProc: Pick<ExtProc, "openStreams" | "abortAll">,
): Promise<void> {
  extProc.abortAll();
  await allClosed(extProc, LAST_WORDS_MS);
  await isTrueWithin(() => server.isSent, LAST_WORDS_MS);
}

/** Waits until no exchange is open, or until the deadline. */
export async function allClosed(
  extProc: { readonly openStreams: number },
  deadlineMs: number,
): Promise<void> {
  await isTrueWithin(() => extProc.openStreams === 0, deadlineMs);
}

async function isTrueWithin(isSo: () => boolean, deadlineMs: number): Promise<void> {
  const until = performance.now() + deadlineMs;
  while (!isSo() && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

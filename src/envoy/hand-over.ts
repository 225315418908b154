import type { Server } from "@grpc/grpc-js";
import type { ExtProc } from "./ext-proc.ts";
import { sessionsOf } from "./grpc-internals.ts";

/**
 * Within this time a proxy has left all connections that it had: in our bootstrap none takes calls
 * for longer than 3 s (`max_connection_duration`).
 */
export const PEERS_LEAVE_MS = 6_000;

/**
 * Waits until the peers have left for the other process at the address, refusing nothing, and then
 * for what is open, until the deadline.
 *
 * That the peer leaves is its own doing, and must be. Asked with GOAWAY it may have opened a stream
 * already, and Node's HTTP/2 (nghttp2) passes such a stream over without a word, whatever id the
 * GOAWAY allowed: its call would hang. Only who has not left by himself is sent away, with the id of
 * the last stream that we know: what was on its way is refused, FAIL CLOSED, and at once.
 */
export async function handOver(
  server: Server,
  extProc: Pick<ExtProc, "openStreams" | "endListening">,
  deadlineMs: number,
): Promise<void> {
  const until = performance.now() + deadlineMs;
  await isTrueWithin(() => sessionsOf(server).size === 0, Math.min(PEERS_LEAVE_MS, deadlineMs));
  extProc.endListening();
  // What arrives before the word is out is answered still.
  for (const session of sessionsOf(server)) if (!session.destroyed) session.goaway();
  await allClosed(extProc, until - performance.now());
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

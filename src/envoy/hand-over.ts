import type { Http2Server } from "../http2/server.ts";
import type { ExtProc } from "./ext-proc.ts";

/**
 * Within this time a proxy has left all connections that it had: in our bootstrap none takes calls
 * for longer than 3 s (`max_connection_duration`).
 */
export const PEERS_LEAVE_MS = 6_000;

/**
 * Waits until the peers have left for the other process at the address, refusing nothing, and then
 * for what is open, until the deadline. Who has not left by himself is sent away; what he has opened
 * meanwhile is answered still.
 */
export async function handOver(
  server: Pick<Http2Server, "openConnections" | "goAway">,
  extProc: Pick<ExtProc, "openStreams" | "endListening">,
  deadlineMs: number,
): Promise<void> {
  const until = performance.now() + deadlineMs;
  await isTrueWithin(() => server.openConnections === 0, Math.min(PEERS_LEAVE_MS, deadlineMs));
  extProc.endListening();
  server.goAway();
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

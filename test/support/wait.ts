import { setTimeout as delay } from "node:timers/promises";

/** For what hangs: a machine that has much else to do is slow, and not wrong. */
export const DEADLINE_MS = 30_000;
const POLL_MS = 5;

/**
 * Waits until `probe` returns something other than `undefined`, `null` or `false`, and returns it.
 * After the deadline it rejects, naming `what` was waited for.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (isFound(found)) return found;
    if (performance.now() >= end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(POLL_MS);
  }
}

/** The promise's own outcome, or a rejection that names `what` was waited for. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const over = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what}: not within ${deadlineMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

/** Waits until what `measure` returns has stayed the same for `quietMs`, and returns it. */
export async function whenSteady(
  what: string,
  measure: () => number | Promise<number>,
  quietMs = 300,
  deadlineMs = DEADLINE_MS,
): Promise<number> {
  let last = await measure();
  let since = performance.now();
  return waitFor(
    `${what} to stand still`,
    async () => {
      const now = await measure();
      if (now !== last) {
        last = now;
        since = performance.now();
      }
      return performance.now() - since >= quietMs ? { value: now } : undefined;
    },
    deadlineMs,
  ).then(({ value }) => value);
}

function isFound<T>(value: T): value is Exclude<T, undefined | null | false> {
  return value !== undefined && value !== null && value !== false;
}

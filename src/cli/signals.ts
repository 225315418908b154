/**
 * Settles with the first signal that asks this process to end. The same signal often comes twice
 * (a terminal sends it to the whole group, npm passes it on): later ones change nothing.
 */
export function untilSignal(
  signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"],
): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, resolve);
  });
}

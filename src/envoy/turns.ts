/** Puts work off to the end of this turn of the event loop. */
export type Later = (work: () => void) => void;

/**
 * Whatever came in one turn of the event loop is worked on together, when all of it has been read.
 * Reading and judging are much code each, more than a core keeps at hand: done by turns, one message
 * after the other, each takes twice as long (docs/decisions/0028-calls-without-grpc-js.md).
 */
export function createTurns(flush: () => void): Later {
  let waiting: (() => void)[] = [];
  const run = (): void => {
    const batch = waiting;
    waiting = [];
    for (const work of batch) work();
    flush();
  };
  return (work) => {
    if (waiting.push(work) === 1) process.nextTick(run);
  };
}

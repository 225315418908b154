import type { Firewall } from "../core/exchange.ts";
import type { ProcessStreamOptions } from "./process-options.ts";
import type { ProcessCall } from "./process-stream.ts";
import { ProcessStream } from "./process-stream.ts";
import { Rounds } from "./rounds.ts";
import { createShedding, type ShedReason } from "./shedding.ts";

export interface ExtProcOptions extends Omit<ProcessStreamOptions, "rounds"> {
  readonly firewall: Firewall;
  readonly onOpen: () => void;
  readonly onClose: () => void;
  readonly onShed: (reason: ShedReason) => void;
}

/** `envoy.service.ext_proc.v3.ExternalProcessor`, one handler for every stream. */
export interface ExtProc {
  process(call: ProcessCall): void;
  /** Whether one more, that waited so long to be read, is refused, for there is too much to do. */
  refuses(waitedMs: number): boolean;
  readonly openStreams: number;
  /** New exchanges are refused from now on; listening streams are told to come again. */
  drain(): void;
  /** Tells listening streams to come again, and refuses nothing. */
  endListening(): void;
  /** Ends every exchange that is still open, each with an answer or an error. */
  abortAll(): void;
  /** Has each open stream judged again, now. */
  judgeAgain(): void;
  /** No longer looks at open streams by itself. */
  close(): void;
}

/** What a stream was opened on ends by itself, or is taken back: found out within this time. */
const JUDGE_AGAIN_MS = 1_000;
/** Streams that are asked in one turn of the event loop. */
const ASKED_AT_ONCE = 200;

export function createExtProc(options: ExtProcOptions): ExtProc {
  const open = new Set<ProcessStream>();
  const { firewall, limits, onFault, onShed } = options;
  const shedding = createShedding({ firewall, limits, onShed, now: () => performance.now() });
  const rounds = new Rounds(Math.min(limits.requestBodyDeadlineMs, limits.verdictDeadlineMs));
  const shared: ProcessStreamOptions = {
    ...{ limits, rounds, onFault, budget: options.budget, later: options.later },
  };
  let draining = false;
  const round = createRound(open);
  const timer = setInterval(round, JUDGE_AGAIN_MS).unref();
  const endListening = () => {
    for (const stream of open) if (stream.listening) stream.abort("draining");
  };
  return {
    process(call) {
      const place = shedding.arrive(call.waitedMs);
      const stream = new ProcessStream(call, place, shared, draining, () => {
        place.leave();
        open.delete(stream);
        options.onClose();
      });
      open.add(stream);
      options.onOpen();
    },
    refuses(waitedMs) {
      try {
        return shedding.refuses(open.size, waitedMs);
      } catch (error) {
        // FAIL CLOSED: with its record or without.
        onFault("internal", error);
        return true;
      }
    },
    get openStreams() {
      return open.size;
    },
    drain() {
      draining = true;
      endListening();
    },
    endListening,
    abortAll() {
      for (const stream of open) stream.abort("draining");
    },
    judgeAgain: round,
    close: () => clearInterval(timer),
  };
}

/** Asks all open streams, in turns; who asks meanwhile has another round follow. */
function createRound(open: ReadonlySet<ProcessStream>): () => void {
  let isAsked = false;
  let left: Iterator<ProcessStream> | null = null;

  function turn(): void {
    for (let count = 0; count < ASKED_AT_ONCE; count += 1) {
      const next = left?.next();
      if (next === undefined || next.done === true) {
        left = isAsked ? open.values() : null;
        isAsked = false;
        if (left === null) return;
      } else next.value.judgeAgain();
    }
    setImmediate(turn);
  }
  return () => {
    isAsked = true;
    if (left !== null) return;
    left = open.values();
    isAsked = false;
    turn();
  };
}

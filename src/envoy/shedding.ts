import type {
  Deny,
  Exchange,
  Firewall,
  HttpDenial,
  RequestHead,
  ResponseHeadVerdict,
} from "../core/exchange.ts";
import type { Limits } from "../core/limits.ts";
import { createStandingQueue, type Patience } from "./standing-queue.ts";

/** Why an exchange is turned away. */
export type ShedReason = "open_exchanges" | "queue";

export interface SheddingOptions {
  readonly firewall: Firewall;
  readonly limits: Pick<Limits, "openExchangesMax" | "queueDelayMs">;
  /** Told of each exchange that is turned away. */
  readonly onShed: (reason: ShedReason) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Turns exchanges away while there is more to do than can be done. FAIL CLOSED: none passes unread. */
export interface Shedding {
  /**
   * Whether one that is just being opened, while so many are, and that waited so long to be read, is
   * refused before it is looked at.
   */
  refuses(open: number, unreadMs: number): boolean;
  /** One was opened, that waited so long to be read. */
  arrive(unreadMs: number): Place;
}

/** One exchange's: the firewall as it is to see it, once its head has come. */
export interface Place extends Firewall {
  leave(): void;
}

/** All that are turned away in it are turned away by one decision, of which there is one record. */
const DECISION_MS = 1_000;
const DECISIONS_MAX = 256;

/**
 * An exchange waits twice: until it is read (`http2/backlog.ts`), and from its announcement to its head,
 * which comes when what came before it has had its turn, and Envoy is let send more.
 */
export function createShedding({ firewall, limits, onShed, now }: SheddingOptions): Shedding {
  const queue = createStandingQueue(limits.queueDelayMs);
  const denialFor = createDenials(firewall, now);
  let waiting = 0;

  /** A class, for one is made for each exchange. */
  class Waiting implements Place {
    readonly #unreadMs: number;
    readonly #since: number;
    #isWaiting = true;

    constructor(unreadMs: number) {
      this.#unreadMs = unreadMs;
      this.#since = now() - unreadMs;
    }

    open(head: RequestHead): Exchange {
      const at = now();
      const among = waiting + queue.servedIn(this.#unreadMs);
      const isTooLate = queue.isTooLate(at - this.#since, among, at, patienceWith(head));
      this.leave();
      if (!isTooLate) return firewall.open(head);
      onShed("queue");
      return turnedAway(denialFor(head));
    }

    leave(): void {
      if (this.#isWaiting) waiting -= 1;
      this.#isWaiting = false;
    }
  }

  return {
    arrive(unreadMs) {
      waiting += 1;
      return new Waiting(unreadMs);
    },
    refuses(open, unreadMs) {
      const isTooMany = open >= limits.openExchangesMax;
      if (!isTooMany && !queue.isFull(waiting + queue.servedIn(unreadMs), now())) return false;
      onShed(isTooMany ? "open_exchanges" : "queue");
      // On record, as one decision for all of a second.
      denialFor(UNREAD);
      return true;
    },
  };
}

/** Makes as few denials as there are servers and seconds: one costs as much as reading a message. */
function createDenials(firewall: Firewall, now: () => number): (head: RequestHead) => HttpDenial {
  const made = new Map<string | null, HttpDenial>();
  let endsAtMs = Number.NEGATIVE_INFINITY;
  return (head) => {
    const at = now();
    if (at >= endsAtMs || made.size >= DECISIONS_MAX) {
      made.clear();
      endsAtMs = at + DECISION_MS;
    }
    const known = made.get(head.server);
    if (known !== undefined) return known;
    const exchange = firewall.open(head);
    const denial = exchange.abort("overloaded");
    exchange.close();
    made.set(head.server, denial);
    return denial;
  };
}

/** Of an exchange that is refused before it says what it is. */
const UNREAD: RequestHead = {
  method: "",
  path: "",
  headers: new Map(),
  server: null,
  source: { ip: null, spiffe: null },
  requestId: null,
};

/** A word of the caller's own: it lets nobody in, and buys no more than a longer wait. */
function patienceWith({ method, headers }: RequestHead): Patience {
  const rpc = headers.get("mcp-method") ?? "";
  // What goes on with something: in a session, with a stream, a task, or what was begun before.
  const goesOn =
    method === "GET" ||
    method === "DELETE" ||
    headers.has("mcp-session-id") ||
    rpc.startsWith("notifications/") ||
    rpc.startsWith("tasks/");
  return goesOn ? "goes_on" : "begins";
}

function turnedAway(denial: HttpDenial): Exchange {
  const deny: Deny & ResponseHeadVerdict = { kind: "deny", denial };
  return {
    requestHead: async () => deny,
    request: async () => deny,
    responseHead: () => deny,
    hold: async () => undefined,
    response: async () => deny,
    streamChunk: async () => ({ bytes: new Uint8Array(0), end: true }),
    abort: () => denial,
    abortStream: () => new Uint8Array(0),
    lapsed: () => null,
    close: () => undefined,
  };
}

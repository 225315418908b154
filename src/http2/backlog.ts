/**
 * How busy this process is with what its peers send. One for all connections of a server, for they
 * share one event loop.
 */
export class Workload {
  /** When there was last nothing to do: nothing that is read now had waited in front of us before. */
  restedMs = performance.now();
  /** Spent on what was read, all together; and so much of it before that. */
  workedMs = 0;
  restedAtMs = 0;
  /** The connection that was read last. */
  reader: unknown = null;
  #beganMs = this.restedMs;
  #lookedMs = this.restedMs;
  #idleMs = performance.eventLoopUtilization().idle;

  /** To be told of each turn, before anything is read in it. */
  begin(): void {
    this.#beganMs = performance.now();
    this.#look(this.#beganMs);
  }

  /** And once all of it is done. */
  end(): void {
    this.workedMs += performance.now() - this.#beganMs;
  }

  #look(now: number): void {
    const passedMs = now - this.#lookedMs;
    if (passedMs < LOOK_MS) return;
    const idleMs = performance.eventLoopUtilization().idle;
    // To ask for events that are there already counts as idle, too, if hardly.
    if (idleMs - this.#idleMs > passedMs * REST) {
      this.restedMs = now;
      this.restedAtMs = this.workedMs;
    }
    this.#lookedMs = now;
    this.#idleMs = idleMs;
  }
}

/** A look costs a microsecond. */
const LOOK_MS = 5;
/** Of the time since the last look. */
const REST = 0.05;

/**
 * How long what comes on a connection has waited in front of us. A peer that sends more than we read
 * has it wait in its buffers and in the socket's, where nobody sees it. Two things tell:
 *
 * - An answer to a ping (RFC 9113, section 6.7) stands behind all that was sent before. So what is
 *   read now has waited since the oldest ping without an answer, less its way and the peer's own delay,
 *   which are not ours: where this process has rested since, they are all that it is.
 * - While what was read is worked on, its own and that of others, nobody reads this one. What came
 *   meanwhile has waited half of that time, taken all together.
 */
export class Backlog {
  readonly #load: Workload;
  /** When each ping without an answer was sent; the first is the oldest. */
  readonly #sent: number[] = [];
  #lastPingMs = Number.NEGATIVE_INFINITY;
  /** Of all work, what was done by the last read. */
  #workedMs = Number.POSITIVE_INFINITY;
  #unreadMs = 0;
  #wasFull = false;
  /** Since this process rested. */
  #bytes = 0;
  #countedMs = 0;

  constructor(load: Workload) {
    this.#load = load;
  }

  /** Told of each read. */
  read(bytes: number): void {
    const load = this.#load;
    if (this.#countedMs !== load.restedMs) {
      this.#countedMs = load.restedMs;
      this.#bytes = 0;
      this.#unreadMs = 0;
    }
    this.#bytes += bytes;
    if (load.reader !== this) {
      load.reader = this;
      this.#unreadMs = Math.max(0, load.workedMs - Math.max(this.#workedMs, load.restedAtMs));
    } else if (!this.#wasFull) {
      // That one had emptied the socket: what is read now came later.
      this.#unreadMs = 0;
    }
    this.#wasFull = bytes >= READ_BYTES;
    this.#workedMs = load.workedMs;
  }

  /**
   * Whether a ping is to be sent now; it counts as sent then. Only while there is much to read and no
   * rest: whoever has no queue is not woken.
   */
  wantsPing(): boolean {
    if (this.#bytes < MUCH_BYTES || this.#sent.length >= UNANSWERED_MAX) return false;
    const now = performance.now();
    if (now - this.#lastPingMs < APART_MS) return false;
    this.#lastPingMs = now;
    this.#sent.push(now);
    return true;
  }

  /** Told of each answer. They come in the order of the pings, and to none there is one more. */
  answered(): void {
    this.#sent.shift();
  }

  /** So long, in milliseconds, what is being read now has waited, as far as anybody can tell. */
  get waitedMs(): number {
    const [oldest] = this.#sent;
    const unread = this.#unreadMs / 2;
    if (oldest === undefined) return unread;
    return Math.max(unread, performance.now() - Math.max(oldest, this.#load.restedMs));
  }
}

/** Of one read at most, as Node reads sockets. */
const READ_BYTES = 64 * 1024;
/** Some dozens of small calls: fewer are no queue. */
const MUCH_BYTES = 64 * 1024;
const APART_MS = 10;
/** Fewer than a proxy takes for an attack (Envoy: 1,000 answers that wait). */
const UNANSWERED_MAX = 100;

/**
 * How long what comes on a connection has waited in front of us. A peer that sends more than we read
 * has it wait in its buffers and in the socket's, where nobody sees it; but an answer to a ping (RFC
 * 9113, section 6.7) waits behind all that was sent before. So what is read now was sent no later
 * than the oldest ping without an answer was answered.
 *
 * Pings are sent while reads are full: a queue is more than one read, and who has none is not woken.
 */
export class Backlog {
  /** When each ping without an answer was sent; the first is the oldest. */
  readonly #sent: number[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #fullBytes: number;
  #isFull = false;

  /** Of reads that bring no more than so many bytes. */
  constructor(fullBytes: number) {
    this.#fullBytes = fullBytes;
  }

  /** Told of each read. */
  read(bytes: number): void {
    this.#isFull = bytes >= this.#fullBytes;
  }

  /** Whether a ping is to be sent now; it counts as sent then. */
  wantsPing(): boolean {
    if (!this.#isFull || this.#sent.length >= UNANSWERED_MAX) return false;
    const now = performance.now();
    if (now - this.#lastMs < APART_MS) return false;
    this.#lastMs = now;
    this.#sent.push(now);
    return true;
  }

  /** Told of each answer. They come in the order of the pings, and to none there is one more. */
  answered(): void {
    this.#sent.shift();
  }

  /** At least so long, in milliseconds, had waited what is being read now. */
  get waitedMs(): number {
    const [oldest] = this.#sent;
    return oldest === undefined ? 0 : performance.now() - oldest;
  }
}

const APART_MS = 10;
/** Fewer than a proxy takes for an attack (Envoy: 1,000 answers that wait). */
const UNANSWERED_MAX = 100;

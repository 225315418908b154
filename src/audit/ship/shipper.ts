import type { Delivery, Destination } from "./destination.ts";
import { readHead } from "./line-head.ts";

/** Why lines will not reach a destination. */
export type DropCause =
  /** The buffer was full. */
  | "full"
  /** The receiver would not have them. */
  | "refused"
  /** The service ended before they were taken. */
  | "closed";

/** Who hears of it. Nothing here holds anything of a line but its numbers. */
export interface ShippingEvents {
  shipped(lines: number): void;
  /** An attempt failed. */
  failed(code: string): void;
  /** The first success after failures. */
  restored(): void;
  /** So many lines will not reach it. */
  dropped(cause: DropCause, lines: number): void;
  /** The buffer is full, and lines are being left out. */
  filled(): void;
  /** Lines that were left out, once it is known where that ends. */
  gap(cause: DropCause, lines: number, first: LineNumber, last: LineNumber): void;
}

export interface LineNumber {
  readonly lane: string;
  readonly seq: number;
}

export interface ShipperOptions {
  readonly destination: Destination;
  readonly batchMaxEvents: number;
  readonly batchMaxBytes: number;
  /** A line is sent at the latest after so long, where the receiver keeps up. */
  readonly batchMaxMs: number;
  readonly bufferMaxEvents: number;
  readonly bufferMaxBytes: number;
  /** `deny`: nothing is dropped here, because whoever decides stops when `isFull` says so. */
  readonly onFull: "drop" | "deny";
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly events: ShippingEvents;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Lines on their way to one destination. */
export interface Shipper {
  /** Takes a line and returns at once. */
  offer(line: string): void;
  readonly buffered: number;
  readonly isFull: boolean;
  /** From a failed attempt to the next success. */
  readonly isFailing: boolean;
  /** Sends what is buffered for as long as the deadline lets it; false when lines were left. */
  close(deadlineMs: number): Promise<boolean>;
}

/** The longest wait that a receiver can ask for. */
const AFTER_MAX_MS = 600_000;

/** A bounded buffer before a destination, emptied batch after batch and in order. */
export function createShipper(options: ShipperOptions): Shipper {
  return new BatchShipper(options);
}

class BatchShipper implements Shipper {
  isFailing = false;
  readonly #options: ShipperOptions;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #lines: string[] = [];
  /** UTF-16 units, which are bytes but for what is not ASCII. */
  #length = 0;
  /** Lines that a batch may have; fewer after a refusal, to find the one that is not wanted. */
  #batchLines: number;
  #failures = 0;
  #gap: { lines: number; first: LineNumber; last: LineNumber } | null = null;
  #isLate = false;
  #isClosing = false;
  #lateTimer: NodeJS.Timeout | null = null;
  #wake: () => void = () => undefined;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#batchLines = options.batchMaxEvents;
    this.#running = this.#run();
  }

  get buffered(): number {
    return this.#lines.length;
  }

  get isFull(): boolean {
    const { bufferMaxEvents, bufferMaxBytes } = this.#options;
    return this.#lines.length >= bufferMaxEvents || this.#length >= bufferMaxBytes;
  }

  offer(line: string): void {
    if (this.#isClosing || (this.isFull && this.#options.onFull === "drop")) {
      this.#leaveOut(line);
      return;
    }
    this.#tellGap();
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#isWhole()) this.#wake();
    else this.#startTimer();
  }

  async close(deadlineMs: number): Promise<boolean> {
    this.#isClosing = true;
    this.#wake();
    const deadline = setTimeout(() => {
      this.#abort.abort();
      this.#wake();
    }, deadlineMs);
    await this.#running;
    clearTimeout(deadline);
    if (this.#lateTimer !== null) clearTimeout(this.#lateTimer);
    this.#options.destination.close();
    this.#tellGap();
    const left = this.#lines.length;
    if (left > 0) this.#drop("closed", left);
    return left === 0;
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#until(() => this.#isDue());
      if (this.#lines.length === 0 || this.#abort.signal.aborted) return;
      this.#isLate = false;
      const count = this.#batchSize();
      const delivery = await this.#options.destination.send(
        this.#lines.slice(0, count),
        this.#abort.signal,
      );
      if (this.#abort.signal.aborted && delivery.kind !== "taken") return;
      const waitMs = this.#settle(delivery, count);
      // What was due stays due.
      if (delivery.kind !== "taken") this.#isLate = true;
      else if (this.#lines.length > 0) this.#startTimer();
      if (waitMs > 0) await this.#pause(waitMs);
    }
  }

  #isDue(): boolean {
    return this.#isClosing || (this.#lines.length > 0 && (this.#isLate || this.#isWhole()));
  }

  #isWhole(): boolean {
    const { batchMaxEvents, batchMaxBytes } = this.#options;
    return this.#lines.length >= batchMaxEvents || this.#length >= batchMaxBytes;
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await woken.promise;
    }
  }

  #startTimer(): void {
    this.#lateTimer ??= setTimeout(() => {
      this.#lateTimer = null;
      this.#isLate = true;
      this.#wake();
    }, this.#options.batchMaxMs);
  }

  /** At least one line, however long it is. */
  #batchSize(): number {
    let length = 0;
    let count = 0;
    for (const line of this.#lines) {
      length += line.length;
      if (count > 0 && length > this.#options.batchMaxBytes) break;
      count += 1;
      if (count >= this.#batchLines) break;
    }
    return count;
  }

  /** What follows from a delivery; how long to wait before the next attempt. */
  #settle(delivery: Delivery, count: number): number {
    if (delivery.kind === "taken") {
      this.#taken(count, delivery.rejected);
      return 0;
    }
    this.isFailing = true;
    this.#options.events.failed(delivery.code);
    if (delivery.kind === "refused" && count > 1) {
      this.#batchLines = Math.ceil(count / 2);
      return 0;
    }
    if (delivery.kind === "refused") this.#drop("refused", 1);
    this.#failures += 1;
    const askedMs = delivery.kind === "later" ? delivery.afterMs : null;
    return askedMs === null ? this.#backOff() : Math.min(askedMs, AFTER_MAX_MS);
  }

  #taken(count: number, rejected: number): void {
    const { events, batchMaxEvents } = this.#options;
    if (this.isFailing) events.restored();
    this.isFailing = false;
    this.#failures = 0;
    this.#batchLines = Math.min(batchMaxEvents, this.#batchLines * 2);
    const kept = Math.max(0, count - rejected);
    if (kept > 0) events.shipped(kept);
    // The receiver does not say which: somewhere in this batch.
    if (rejected > 0) this.#tellDropped("refused", Math.min(rejected, count), count);
    this.#remove(count);
  }

  /** Half of it by chance, so that those who failed together do not come back together. */
  #backOff(): number {
    const { retryMinMs, retryMaxMs, random } = this.#options;
    const most = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#failures - 1, 30));
    return most / 2 + (most / 2) * random();
  }

  /** Ends early when the service stops: there is one more attempt then, and not many. */
  async #pause(waitMs: number): Promise<void> {
    const wasClosing = this.#isClosing;
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake();
    }, waitMs);
    await this.#until(() => isOver || this.#abort.signal.aborted || this.#isClosing !== wasClosing);
    clearTimeout(timer);
  }

  #remove(count: number): void {
    for (const line of this.#lines.splice(0, count)) this.#length -= line.length;
  }

  #drop(cause: DropCause, count: number): void {
    this.#tellDropped(cause, count, count);
    this.#remove(count);
  }

  #tellDropped(cause: DropCause, lines: number, among: number): void {
    const first = numberOf(this.#lines[0] ?? "");
    const last = numberOf(this.#lines[among - 1] ?? "");
    this.#options.events.dropped(cause, lines);
    this.#options.events.gap(cause, lines, first, last);
  }

  #leaveOut(line: string): void {
    const last = numberOf(line);
    this.#options.events.dropped("full", 1);
    if (this.#gap === null) this.#options.events.filled();
    this.#gap = { lines: (this.#gap?.lines ?? 0) + 1, first: this.#gap?.first ?? last, last };
  }

  /** Told when it has ended: one gap is one entry, however many lines it has. */
  #tellGap(): void {
    if (this.#gap === null) return;
    const { lines, first, last } = this.#gap;
    this.#gap = null;
    this.#options.events.gap("full", lines, first, last);
  }
}

function numberOf(line: string): LineNumber {
  const { lane, seq } = readHead(line);
  return { lane, seq };
}

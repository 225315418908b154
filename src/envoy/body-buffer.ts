/** What all exchanges together may hold of bodies that are not whole yet. */
export interface ByteBudget {
  /** False when it is used up: nothing was taken then. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let left = maxBytes;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    giveBack(bytes) {
      left += bytes;
    },
  };
}

/** So many chunks become one: each is an object, which is dear where it holds a byte or two. */
const CHUNKS_MAX = 256;

/** Collects a body up to a limit, and keeps nothing of one that is over it. */
export class BodyBuffer {
  readonly #maxBytes: number;
  readonly #budget: ByteBudget;
  /** The first chunk, mostly the only one, and those behind it. */
  #first: Uint8Array | null = null;
  #others: Uint8Array[] | null = null;
  /** What has become one of them, in front of the others. */
  #joined: Uint8Array[] | null = null;
  #size = 0;
  #held = 0;
  #isOverloaded = false;

  constructor(maxBytes: number, budget: ByteBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** Whether it was the budget that was used up, and not the body that is too long. */
  get isOverloaded(): boolean {
    return this.#isOverloaded;
  }

  /** False once the body is longer than allowed, or there is no room: what came is dropped. */
  append(chunk: Uint8Array): boolean {
    this.#size += chunk.length;
    const isTooLong = this.#size > this.#maxBytes;
    this.#isOverloaded ||= !isTooLong && !this.#budget.take(chunk.length);
    if (isTooLong || this.#isOverloaded) {
      this.drop();
      return false;
    }
    this.#held += chunk.length;
    if (chunk.length > 0) this.#keep(chunk);
    return true;
  }

  /** The whole body; the buffer is empty afterwards, and its share of the budget given back. */
  take(): Uint8Array {
    const first = this.#first ?? NOTHING;
    const joined = this.#joined ?? [];
    const whole =
      this.#others === null ? first : Buffer.concat([first, ...joined, ...this.#others]);
    this.drop();
    return whole;
  }

  /** Keeps nothing more of it, and gives its share of the budget back. */
  drop(): void {
    this.#first = null;
    this.#others = null;
    this.#joined = null;
    this.#budget.giveBack(this.#held);
    this.#held = 0;
  }

  #keep(chunk: Uint8Array): void {
    if (this.#first === null) this.#first = chunk;
    else if (this.#others === null) this.#others = [chunk];
    else if (this.#others.push(chunk) === CHUNKS_MAX) {
      this.#joined ??= [];
      this.#joined.push(Buffer.concat(this.#others));
      this.#others = [];
    }
  }
}

const NOTHING = new Uint8Array(0);

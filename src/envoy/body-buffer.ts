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

/** Collects a body up to a limit, and keeps nothing of one that is over it. */
export interface BodyBuffer {
  /** False once the body is longer than allowed, or there is no room: what came is dropped. */
  append(chunk: Uint8Array): boolean;
  /** Whether it was the budget that was used up, and not the body that is too long. */
  readonly isOverloaded: boolean;
  /** The whole body; the buffer is empty afterwards, and its share of the budget given back. */
  take(): Uint8Array;
}

export function createBodyBuffer(maxBytes: number, budget: ByteBudget): BodyBuffer {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let held = 0;
  let isOverloaded = false;
  const release = (): void => {
    chunks = [];
    budget.giveBack(held);
    held = 0;
  };
  return {
    get isOverloaded() {
      return isOverloaded;
    },
    append(chunk) {
      size += chunk.length;
      isOverloaded ||= size <= maxBytes && !budget.take(chunk.length);
      if (size > maxBytes || isOverloaded) {
        release();
        return false;
      }
      held += chunk.length;
      if (chunk.length > 0) chunks.push(chunk);
      return true;
    },
    take() {
      const [only] = chunks;
      const whole = chunks.length === 1 && only ? only : Buffer.concat(chunks);
      release();
      return whole;
    },
  };
}

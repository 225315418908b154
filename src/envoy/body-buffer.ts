/** Collects a body up to a limit, and keeps nothing of one that is over it. */
export interface BodyBuffer {
  /** False once the body is longer than allowed: what came is dropped. */
  append(chunk: Uint8Array): boolean;
  /** The whole body; the buffer is empty afterwards. */
  take(): Uint8Array;
}

export function createBodyBuffer(maxBytes: number): BodyBuffer {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    append(chunk) {
      size += chunk.length;
      if (size > maxBytes) {
        chunks = [];
        return false;
      }
      if (chunk.length > 0) chunks.push(chunk);
      return true;
    },
    take() {
      const [only] = chunks;
      const whole = chunks.length === 1 && only ? only : Buffer.concat(chunks);
      chunks = [];
      return whole;
    },
  };
}

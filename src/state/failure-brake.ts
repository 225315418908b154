import type { Clock, FailureBrake } from "../core/ports.ts";
import { createTokenBuckets } from "./token-buckets.ts";

export interface FailureBrakeOptions {
  readonly clock: Pick<Clock, "monotonic">;
  /** So many failures in so many seconds, of one address. */
  readonly max: number;
  readonly seconds: number;
  readonly addressesMax: number;
}

/** Slows down who guesses: counts failures in this process, for each address by itself. */
export function createFailureBrake(options: FailureBrakeOptions): FailureBrake {
  const { clock, max, seconds, addressesMax } = options;
  const buckets = createTokenBuckets({ clock, keysMax: addressesMax });
  const rate = { points: max, seconds, burst: max };
  const bucketOf = (source: string) => ({ limit: "", key: source, rate });
  return {
    waitMs: (source) => buckets.peek(bucketOf(source)),
    failed: (source) => {
      buckets.take([{ bucket: bucketOf(source), cost: 1 }]);
    },
  };
}

import type { Limits } from "../core/limits.ts";
import type { ByteBudget } from "./body-buffer.ts";
import type { Rounds } from "./rounds.ts";

/** `trace` is the `traceparent` of the call. */
export type OnFault = (code: string, error: unknown, trace?: string) => void;

/** What all of them share. */
export interface ProcessStreamOptions {
  readonly limits: Limits;
  readonly budget: ByteBudget;
  /** Told of a bug or of a proxy that breaks the protocol: a code, nothing of the traffic. */
  readonly onFault: OnFault;
  /** Looks at their deadlines. */
  readonly rounds: Rounds;
  /** Puts work off until all that came with it was read. */
  readonly later: (work: () => void) => void;
}

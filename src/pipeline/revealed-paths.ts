import type { RefusalCode } from "../decision/refusals.ts";

/** What the aliases of one message came to. */
export interface RevealedPaths {
  /** Why it cannot go on, whatever the policy says. */
  readonly refusal: RefusalCode | null;
  /** How many aliases became paths. */
  readonly aliases: number;
  /** A text of this message as it may be shown to the policy. */
  readonly shown: (text: string) => string;
}

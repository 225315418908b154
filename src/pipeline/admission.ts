import type { RequestHead } from "../core/exchange.ts";
import { type AuthenticationRefusal, SHOWED_NOTHING } from "../core/identity.ts";
import type { Dependencies } from "./dependencies.ts";
import { networkOf } from "./limiting.ts";

/** How long nobody is asked who they are, since too many guesses came from there; 0: they are. */
export function barredMs(
  { source }: RequestHead,
  { failures }: Pick<Dependencies, "failures">,
): number {
  return failures === null ? 0 : failures.waitMs(networkOf(source.ip ?? ""));
}

/** Counts what was shown and is not believed. */
export function countGuess(
  { source }: RequestHead,
  { code, isTemporary }: AuthenticationRefusal,
  { failures }: Pick<Dependencies, "failures">,
): void {
  // A fault of ours is nobody's guess.
  const isGuess = !SHOWED_NOTHING.has(code) && isTemporary !== true;
  if (isGuess) failures?.failed(networkOf(source.ip ?? ""));
}

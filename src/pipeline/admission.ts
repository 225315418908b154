import type { RequestHead } from "../core/exchange.ts";
import { type Identity, SHOWED_NOTHING } from "../core/identity.ts";
import type { Dependencies } from "./dependencies.ts";
import { networkOf } from "./limiting.ts";

/** Who is calling, or why that is not believed, or not even asked for so long. */
export type Admission = Identity | { readonly kind: "barred"; readonly waitMs: number };

/** Asks who is calling, unless too many guesses at that came from the same place. */
export async function admit(
  head: RequestHead,
  { identity, failures }: Pick<Dependencies, "identity" | "failures">,
): Promise<Admission> {
  const source = networkOf(head.source.ip ?? "");
  const waitMs = failures?.waitMs(source) ?? 0;
  if (waitMs > 0) return { kind: "barred", waitMs };
  const identified = await identity.identify(head);
  if (identified.kind === "known") return identified;
  // A fault of ours is nobody's guess.
  const isGuess = !SHOWED_NOTHING.has(identified.code) && identified.isTemporary !== true;
  if (isGuess) failures?.failed(source);
  return identified;
}

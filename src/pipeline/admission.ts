import type { RequestHead } from "../core/exchange.ts";
import { type Caller, SHOWED_NOTHING } from "../core/identity.ts";
import type { RefusalCode } from "../decision/refusals.ts";
import type { Dependencies } from "./dependencies.ts";
import { networkOf } from "./limiting.ts";

/** Who is calling, or why that is not asked or not believed. */
export type Admission =
  | ({ readonly kind: "known" } & Caller)
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly retryAfterMs?: number };

/** Asks who is calling, unless too many guesses at that came from the same place. */
export async function admit(
  head: RequestHead,
  { identity, failures }: Pick<Dependencies, "identity" | "failures">,
): Promise<Admission> {
  const source = networkOf(head.source.ip ?? "");
  const retryAfterMs = failures?.waitMs(source) ?? 0;
  if (retryAfterMs > 0) return { kind: "refused", code: "too_many_failures", retryAfterMs };
  const identified = await identity.identify(head);
  if (identified.kind === "known") return identified;
  if (!SHOWED_NOTHING.has(identified.code)) failures?.failed(source);
  return { kind: "refused", code: "unauthenticated" };
}

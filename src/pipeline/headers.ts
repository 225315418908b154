import type { HeaderMutation, Headers } from "../core/exchange.ts";
import { except, forgedHeaders, serverHeaders } from "../decision/zta-headers.ts";
import type { Judged } from "./judge.ts";
import type { Decision } from "./layer2.ts";

/** One request carries a batch: what any of its messages is obliged to is said of all. */
export function obligedHeaders(judged: readonly Pick<Judged, "decision">[]): HeaderMutation["set"] {
  const obliged: [name: string, value: string][] = [];
  for (const { decision } of judged) {
    const { headers } = decision.obligations;
    for (const name in headers) obliged.push([name, headers[name] ?? ""]);
  }
  return obliged;
}

/** What is done to the headers of a request, behind what the policy and the message ask for. */
export function towardsServer(
  headers: Headers,
  { decisionId, policyRevision }: Decision,
  mirrored: HeaderMutation,
  credentials: HeaderMutation,
  others: HeaderMutation["set"],
): HeaderMutation {
  const set = [
    ...mirrored.set,
    ...credentials.set,
    ...serverHeaders(decisionId, policyRevision),
    ...others,
  ];
  const forged = forgedHeaders(headers);
  // A compressed answer could not be read.
  const remove = [...forged, ...mirrored.remove, ...credentials.remove, "accept-encoding"];
  return { set, remove: except(remove, set) };
}

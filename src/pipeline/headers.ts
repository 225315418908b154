import type { HeaderMutation, Headers } from "../core/exchange.ts";
import { joined } from "../core/lists.ts";
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
  session: HeaderMutation["set"],
): HeaderMutation {
  const asked = joined(mirrored.set, credentials.set);
  const set = joined(joined(asked, serverHeaders(decisionId, policyRevision)), session);
  const removed = joined(mirrored.remove, credentials.remove);
  const remove = joined(joined(forgedHeaders(headers), removed), UNREADABLE);
  return { set, remove: except(remove, set) };
}

/** A compressed answer could not be read. */
const UNREADABLE = ["accept-encoding"];

/** What is done to the headers of an answer. */
export function towardsClient(
  headers: Headers,
  ours: HeaderMutation["set"],
  session: HeaderMutation["set"],
): HeaderMutation {
  const set = joined(ours, session);
  return { set, remove: except(forgedHeaders(headers), set) };
}

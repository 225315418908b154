import type { EditReceipt } from "../core/audit.ts";
import { joined } from "../core/lists.ts";
import type { Splice } from "../mcp/json/splice.ts";
import { ceilingOf } from "./ceiling.ts";
import type { Dependencies } from "./dependencies.ts";
import { decideAll } from "./inner-requests.ts";
import type { Cleaned } from "./layer1.ts";
import { type Decision, refused } from "./layer2.ts";
import { filterListing } from "./listing.ts";
import type { Scene } from "./scene.ts";
import { hideName } from "./unknown-name.ts";

/** Layer 2's word on one message, and what the protocol asks for beside it. */
export interface Verdict {
  readonly decision: Decision;
  /** What changes in the message if it goes on. */
  readonly splices: readonly Splice[];
  /** Of the items of a listing that are not shown. */
  readonly receipts: readonly EditReceipt[];
}

/** `prefix` is the pointer to the message: empty, or `/3` in a batch. */
export function verdictOn(
  cleaned: Cleaned,
  prefix: string,
  scene: Scene,
  dependencies: Dependencies,
): Verdict {
  const { findings, splices, receipts } = filterListing(cleaned, prefix, scene, dependencies);
  const ceiling = ceilingOf(cleaned.message);
  const shown = findings === cleaned.findings ? cleaned : { ...cleaned, findings };
  const decided = decideAll(shown, prefix, scene, dependencies);
  const { decisionId, input, policyRevision } = decided;
  const decision =
    ceiling.refusal !== null && decided.allow
      ? refused(decisionId, ceiling.refusal, input, policyRevision)
      : hideName(decided, cleaned, scene, dependencies);
  return { decision, splices: joined(splices, ceiling.splices), receipts };
}

import type { GrantFact } from "../core/policy.ts";
import { onlyLooking } from "./approving.ts";
import type { Dependencies, LoadedPolicy } from "./dependencies.ts";
import type { Judged, Judgement } from "./judge.ts";
import { type Decision, refused } from "./layer2.ts";
import { record } from "./record.ts";
import type { Scene } from "./scene.ts";
import { verdictOn } from "./verdict.ts";

/** What opened a stream, for as long as the stream may be open. */
export interface Opening {
  /**
   * Asks the policy in force again, once for each policy: what it denies, on record; null while it
   * allows everything. What passed before has passed and is not on record a second time.
   */
  denial(sceneNow: () => Scene): Decision | null;
}

/** Of larger requests nothing is kept. */
const KEPT_MAX_BYTES = 16 * 1024;

export function createOpening(
  { judged, reading }: Pick<Judgement, "judged" | "reading">,
  dependencies: Dependencies,
): Opening {
  const isKept = reading.document.bytes.length <= KEPT_MAX_BYTES;
  return openingOf(isKept ? judged.map(keptOf) : null, reading.batch, dependencies);
}

/** Of a request without a body. */
export function createBareOpening(cleaned: Judged["cleaned"], dependencies: Dependencies): Opening {
  return openingOf([{ cleaned, grants: [], revision: null }], false, dependencies);
}

/** What is asked about again. */
interface Kept {
  readonly cleaned: Judged["cleaned"];
  /** What people had agreed to of it, and the policy that it was for. */
  readonly grants: readonly GrantFact[];
  readonly revision: string | null;
}

function keptOf({ cleaned, decision }: Judged): Kept {
  const { input, policyRevision: revision } = decision;
  return { cleaned, grants: input?.grants ?? [], revision };
}

function openingOf(
  kept: readonly Kept[] | null,
  batch: boolean,
  dependencies: Dependencies,
): Opening {
  let judgedBy: LoadedPolicy | null = dependencies.policy();
  return {
    denial(sceneNow) {
      const policy = dependencies.policy();
      if (policy === judgedBy) return null;
      judgedBy = policy;
      // It is no new message of its session.
      const scene = { ...sceneNow(), session: null };
      const decision = (
        kept === null
          ? [changed(policy, dependencies)]
          : kept.map((one, index) => decided(one, batch ? `/${index}` : "", scene))
      ).find(({ allow }) => !allow);
      if (decision === undefined) return null;
      const entry = { decision, findings: [], receipts: [], scene, timings: null };
      return record(entry, dependencies);
    },
  };

  /** A grant of one call that its own request used up holds for as long as this policy does. */
  function decided({ cleaned, grants, revision }: Kept, prefix: string, scene: Scene): Decision {
    const isSame = dependencies.policy()?.engine.revision === revision;
    const { approvals = null } = dependencies;
    const { method } = cleaned.message;
    const looking =
      approvals === null ? null : onlyLooking(approvals, { method, grants: isSame ? grants : [] });
    return verdictOn(cleaned, prefix, scene, { ...dependencies, approvals: looking }).decision;
  }
}

/** FAIL CLOSED: what is no longer here cannot be judged by another policy. */
function changed(policy: LoadedPolicy | null, { identifiers }: Dependencies): Decision {
  const revision = policy?.engine.revision ?? "none";
  return refused(identifiers.decisionId(), "policy_changed", null, revision);
}

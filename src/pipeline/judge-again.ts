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
  return new JudgedOpening(isKept ? judged.map(keptOf) : null, reading.batch, dependencies);
}

/** Of a request without a body. */
export function createBareOpening(cleaned: Judged["cleaned"], dependencies: Dependencies): Opening {
  return new JudgedOpening([{ cleaned, grants: [], revision: null }], false, dependencies);
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

class JudgedOpening implements Opening {
  /** Null where it is no longer here. */
  readonly #kept: readonly Kept[] | null;
  readonly #batch: boolean;
  readonly #dependencies: Dependencies;
  #judgedBy: LoadedPolicy | null;

  constructor(kept: readonly Kept[] | null, batch: boolean, dependencies: Dependencies) {
    this.#kept = kept;
    this.#batch = batch;
    this.#dependencies = dependencies;
    this.#judgedBy = dependencies.policy();
  }

  denial(sceneNow: () => Scene): Decision | null {
    const policy = this.#dependencies.policy();
    if (policy === this.#judgedBy) return null;
    this.#judgedBy = policy;
    // It is no new message of its session.
    const scene = { ...sceneNow(), session: null };
    const decision = this.#decisions(policy, scene).find(({ allow }) => !allow);
    if (decision === undefined) return null;
    const entry = { decision, findings: [], receipts: [], scene, timings: null };
    return record(entry, this.#dependencies);
  }

  #decisions(policy: LoadedPolicy | null, scene: Scene): readonly Decision[] {
    if (this.#kept === null) return [changed(policy, this.#dependencies)];
    return this.#kept.map((one, index) =>
      this.#decided(one, this.#batch ? `/${index}` : "", scene),
    );
  }

  /** A grant of one call that its own request used up holds for as long as this policy does. */
  #decided({ cleaned, grants, revision }: Kept, prefix: string, scene: Scene): Decision {
    const dependencies = this.#dependencies;
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

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
  return openingOf(
    isKept ? judged.map(({ cleaned }) => cleaned) : null,
    reading.batch,
    dependencies,
  );
}

/** Of a request without a body. */
export function createBareOpening(cleaned: Judged["cleaned"], dependencies: Dependencies): Opening {
  return openingOf([cleaned], false, dependencies);
}

function openingOf(
  kept: readonly Judged["cleaned"][] | null,
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
        kept === null ? [changed(policy, dependencies)] : decided(kept, scene)
      ).find(({ allow }) => !allow);
      if (decision === undefined) return null;
      const entry = { decision, findings: [], receipts: [], scene, timings: {} };
      return record(entry, dependencies);
    },
  };

  function decided(all: readonly Judged["cleaned"][], scene: Scene): readonly Decision[] {
    return all.map((cleaned, index) => {
      return verdictOn(cleaned, batch ? `/${index}` : "", scene, dependencies).decision;
    });
  }
}

/** FAIL CLOSED: what is no longer here cannot be judged by another policy. */
function changed(policy: LoadedPolicy | null, { identifiers }: Dependencies): Decision {
  const revision = policy?.engine.revision ?? "none";
  return refused(identifiers.decisionId(), "policy_changed", null, revision);
}

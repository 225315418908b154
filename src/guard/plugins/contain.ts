import { FAULT_KIND, type Hit, type Place } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Guard } from "../../core/ports.ts";
import { checkHits } from "./hits.ts";
import type { FaultListener } from "./plugin.ts";

/**
 * A plugin's guard, held to the contract: its hits are checked, and an exception or a hit that
 * cannot be is a fault. FAIL CLOSED: the pipeline denies a message with a fault, whatever the
 * policy says.
 */
export function contain(guard: Guard, onFault: FaultListener): Guard {
  const contained = (look: (leaf: Leaf, place: Place) => unknown) => {
    return (leaf: Leaf, place: Place): readonly Hit[] => {
      try {
        return checkHits(look(leaf, place), leaf.text);
      } catch (error) {
        onFault(guard.name, error);
        return [fault(leaf)];
      }
    };
  };

  return {
    name: guard.name,
    ...(guard.request && { request: contained((leaf, place) => guard.request?.(leaf, place)) }),
    ...(guard.response && { response: contained((leaf, place) => guard.response?.(leaf, place)) }),
    ...(guard.media && { media: contained((leaf, place) => guard.media?.(leaf, place)) }),
  };
}

function fault({ text }: Leaf): Hit {
  return { kind: FAULT_KIND, severity: "critical", start: 0, end: text.length, replacement: null };
}

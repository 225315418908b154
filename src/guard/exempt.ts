import type { Place } from "../core/finding.ts";
import { compileGlob, type Glob } from "../core/glob.ts";
import type { Leaf } from "../core/json.ts";
import type { Direction } from "../core/message.ts";
import type { Guard } from "../core/ports.ts";

/** Where a guard does not look: what is null is every one. */
export interface GuardExemption {
  readonly guard: string;
  readonly server: string | null;
  /** A glob over tool names. */
  readonly tool: string | null;
  readonly direction: Direction | null;
}

interface CompiledExemption extends GuardExemption {
  readonly glob: Glob | null;
}

/** Longer names are no tool's (MCP allows 128), and no glob is tried on them. */
const TOOL_MAX_LENGTH = 256;

/** The guard, without the places it is exempted from; itself where there are none. */
export function exempt(guard: Guard, exemptions: readonly GuardExemption[]): Guard {
  const own = exemptions
    .filter((exemption) => exemption.guard === guard.name)
    .map((rule) => ({ ...rule, glob: rule.tool === null ? null : compileGlob(rule.tool) }));
  if (own.length === 0) return guard;

  const looks = (place: Place) => !own.some((exemption) => covers(exemption, place));
  return {
    name: guard.name,
    request: (leaf: Leaf, place: Place) =>
      looks(place) ? (guard.request?.(leaf, place) ?? []) : [],
    response: (leaf: Leaf, place: Place) =>
      looks(place) ? (guard.response?.(leaf, place) ?? []) : [],
    names: (leaf: Leaf, place: Place) => (looks(place) ? (guard.names?.(leaf, place) ?? []) : []),
    media: (leaf: Leaf, place: Place) => (looks(place) ? (guard.media?.(leaf, place) ?? []) : []),
  };
}

function covers({ server, glob, direction }: CompiledExemption, place: Place): boolean {
  if (server !== null && server !== place.server) return false;
  if (direction !== null && direction !== place.direction) return false;
  if (glob === null) return true;
  return place.tool !== null && place.tool.length <= TOOL_MAX_LENGTH && glob.fits(place.tool);
}

import type { AuthenticatedBy, SessionFacts } from "../core/policy.ts";
import type { Happening } from "../core/session.ts";

/**
 * How far a session is trusted, 0 to 100. It begins with what vouches for its principal, loses by
 * what is refused, and earns back slowly, never more than it began with: good behaviour cannot be
 * saved up. Counted in tenths, so that small steps add up exactly.
 */
export interface Trust {
  readonly tenths: number;
  readonly mostTenths: number;
}

const FULL = 1_000;
const ANONYMOUS = 750;

/** In tenths. */
export const TRUST_STEPS: { readonly [happening in Happening | "identity_changed"]: number } = {
  allowed: 1,
  denied: -50,
  invalid: -50,
  identity_changed: -50,
  attack: -100,
};

export function firstTrust(authenticatedBy: AuthenticatedBy): Trust {
  const most = authenticatedBy === "none" ? ANONYMOUS : FULL;
  return { tenths: most, mostTenths: most };
}

export function nextTrust(
  { tenths, mostTenths }: Trust,
  happening: keyof typeof TRUST_STEPS,
): Trust {
  const next = tenths + TRUST_STEPS[happening];
  return { tenths: Math.max(0, Math.min(mostTenths, next)), mostTenths };
}

/** In whole points, rounded down. */
export function pointsOf({ tenths }: Trust): number {
  return Math.floor(tenths / 10);
}

/** The bands of GUARDRAIL: 76–100, 51–75, 26–50, 0–25. */
export function threatOf(trust: Trust): NonNullable<SessionFacts["threat"]> {
  const points = pointsOf(trust);
  if (points > 75) return "low";
  if (points > 50) return "medium";
  return points > 25 ? "high" : "critical";
}

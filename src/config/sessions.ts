import type { SessionSettings } from "../core/session.ts";

/** `sessions:` once the schema has found its shape right and filled in defaults. */
export interface RawSessions {
  readonly unknown: SessionSettings["unknown"];
  readonly max_age_s: number;
  readonly idle_s: number;
  readonly per_principal_max: number;
  readonly sessions_max: number;
}

const SECOND_MS = 1_000;

export function buildSessions(raw: RawSessions): SessionSettings {
  return {
    unknown: raw.unknown,
    maxAgeMs: raw.max_age_s * SECOND_MS,
    idleMs: raw.idle_s * SECOND_MS,
    perPrincipalMax: raw.per_principal_max,
    sessionsMax: raw.sessions_max,
  };
}

import type { AuthenticatedBy, SessionFacts } from "../core/policy.ts";
import type { Happening } from "../core/session.ts";
import { firstTrust, nextTrust, pointsOf, type Trust, threatOf } from "./trust.ts";

interface Counts {
  readonly calls: number;
  readonly denied: number;
  readonly trust: Trust;
}

/** What a session has done so far, and how far it is trusted for it. */
export class SessionTally {
  #calls: number;
  #denied: number;
  #trust: Trust;

  constructor({ calls, denied, trust }: Counts) {
    this.#calls = calls;
    this.#denied = denied;
    this.#trust = trust;
  }

  static first(authenticatedBy: AuthenticatedBy): SessionTally {
    return new SessionTally({ calls: 0, denied: 0, trust: firstTrust(authenticatedBy) });
  }

  /** What the detectors saw is part of a call that is counted when it is decided. */
  note(happening: Happening): void {
    this.#trust = nextTrust(this.#trust, happening);
    if (happening === "attack") return;
    this.#calls += 1;
    if (happening !== "allowed") this.#denied += 1;
  }

  changedRights(): void {
    this.#trust = nextTrust(this.#trust, "identity_changed");
  }

  facts(ageMs: number): Omit<SessionFacts, "id"> {
    return {
      age_s: Math.floor(ageMs / 1_000),
      calls: this.#calls,
      denied: this.#denied,
      trust: pointsOf(this.#trust),
      threat: threatOf(this.#trust),
    };
  }
}

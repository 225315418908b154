import type { AuthLog, SessionEnd, SessionOrigin } from "../../core/auth-log.ts";
import type { Clock } from "../../core/ports.ts";
import { createRecent } from "../../core/recent.ts";
import type {
  Entry,
  Session,
  SessionBook,
  SessionRefusal,
  SessionSettings,
  Visitor,
} from "../../core/session.ts";
import type { Soon } from "../../core/soon.ts";
import { contextOf } from "../held-session.ts";
import { isNamed, isSessionId, keyOf, nameOf } from "../session-names.ts";
import { firstTrust, TRUST_STEPS } from "../trust.ts";
import { type RedisBatch, run } from "./batch.ts";
import type { StateSeal } from "./seal.ts";
import { createSessionKeeper, type SessionKeeper } from "./session-keeper.ts";
import { changesOf, decodeEnter, type Entered, rightsOf } from "./session-records.ts";
import { END, ENTER, FORGET, NOTE, RIGHTS } from "./session-scripts.ts";
import { SharedSession } from "./shared-session.ts";

export interface RedisSessionsOptions extends SessionSettings {
  readonly batch: RedisBatch;
  readonly seal: StateSeal;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: AuthLog;
  /** Who keeps the book while Redis does not; null: then nobody comes in. */
  readonly fallback: SessionBook | null;
}

/**
 * The sessions of all replicas. One round trip enters one; what happens in it is told without
 * waiting. Ages and pauses are measured by Redis's clock.
 */
export function createRedisSessions(options: RedisSessionsOptions): SessionBook & Disposable {
  return new RedisSessions(options);
}

const UNTOLD_MAX = 1_024;
const PLACES_MAX = 8_192;

type Mode = "enter" | "open" | "credential";

class RedisSessions implements SessionBook {
  readonly #options: RedisSessionsOptions;
  readonly #keeper: SessionKeeper;
  /** Where sessions were opened, sealed: needed only where one begins, and sent with each. */
  readonly #places = createRecent<string>(PLACES_MAX);
  /** Ends that Redis did not take: what is over stays over once it is there again. */
  readonly #untold = new Map<string, SessionEnd>();

  constructor(options: RedisSessionsOptions) {
    this.#options = options;
    this.#keeper = createSessionKeeper(options.batch, options.idleMs);
  }

  [Symbol.dispose](): void {
    this.#keeper[Symbol.dispose]();
  }

  enter(visitor: Visitor): Soon<Entry> | null {
    const { id, principal, credential, server } = visitor;
    if (id !== null) {
      if (!isSessionId(id)) return this.#refuse("session_unknown", visitor);
      return this.#come("enter", keyOf("id", server, id), visitor);
    }
    if (credential.session === null) return null;
    const key = keyOf("credential", nameOf(principal), credential.session);
    return this.#come("credential", key, visitor);
  }

  open(visitor: Visitor & { readonly id: string }): Promise<Entry> {
    return this.#come("open", keyOf("id", visitor.server, visitor.id), visitor);
  }

  async #come(mode: Mode, key: string, visitor: Visitor): Promise<Entry> {
    const name = this.#options.seal.name("session", key);
    if (this.#untold.size > 0) await this.#tellEnds();
    const replies = await this.#options.batch.send([this.#entering(mode, name, visitor)]);
    const entered = decodeEnter(replies?.[0]);
    if (entered === null) return this.#without(mode, visitor);
    this.#tellEnded(entered);
    switch (entered.kind) {
      case "conflict":
        return this.#refuse("session_conflict", visitor);
      case "unknown":
        return this.#refuse("session_unknown", visitor);
      case "foreign":
        this.#options.log.record({ kind: "session_foreign", ...contextOf(visitor) });
        return { kind: "refused", code: "session_foreign" };
      case "again":
        return this.#comesAgain(name, key, entered, visitor);
      default:
        return this.#begins(name, key, entered, visitor, originOf(mode, entered));
    }
  }

  #entering(mode: Mode, name: string, visitor: Visitor) {
    const { seal, idleMs, maxAgeMs, unknown, perPrincipalMax, sessionsMax } = this.#options;
    const { principal } = visitor;
    const isKnown = isNamed(principal);
    const owner = seal.digest(nameOf(principal));
    const kind = isKnown ? "named" : "nameless";
    const keys = [name, seal.name("sessions", kind), seal.name("sessions-of", nameOf(principal))];
    return run(
      ENTER,
      keys,
      mode,
      owner,
      idleMs,
      maxAgeMs,
      unknown === "adopt" ? 1 : 0,
      isKnown ? perPrincipalMax : 0,
      sessionsMax,
      this.#places.of(`${owner} ${name}`, () => seal.seal(JSON.stringify(placeOf(visitor)), name)),
      rightsOf(principal, seal.digest),
      firstTrust(principal.authenticated_by).mostTenths,
      maxAgeMs,
    );
  }

  #ending(name: string, cause: SessionEnd) {
    return run(END, [name], cause, this.#options.maxAgeMs);
  }

  async #tellEnds(): Promise<void> {
    const untold = [...this.#untold];
    const ends = untold.map(([name, cause]) => this.#ending(name, cause));
    if ((await this.#options.batch.send(ends)) === null) return;
    for (const [name] of untold) this.#untold.delete(name);
  }

  async #end(name: string, cause: SessionEnd): Promise<void> {
    const replies = await this.#options.batch.send([this.#ending(name, cause)]);
    if (replies === null && this.#untold.size < UNTOLD_MAX) this.#untold.set(name, cause);
  }

  async #comesAgain(name: string, key: string, entered: Entered, visitor: Visitor): Promise<Entry> {
    const { log, seal } = this.#options;
    const { principal } = visitor;
    const rights = rightsOf(principal, seal.digest);
    const change = changesOf(entered.rights, rights);
    if (change === null) return this.#entered(name, key, entered, visitor);
    const { from, changed } = change;
    const to = principal.authenticated_by;
    const event = { kind: "identity_changed", from, to, changed, ...contextOf(visitor) } as const;
    // FAIL CLOSED: other rights that are not on record are none.
    if (!log.record(event)) return { kind: "refused", code: "audit_unavailable" };
    const step = TRUST_STEPS.identity_changed;
    const told = [run(RIGHTS, [name], rights), run(NOTE, [name], 0, 0, step)];
    await this.#options.batch.send(told);
    const tenths = Math.max(0, entered.trust.tenths + step);
    return this.#entered(name, key, { ...entered, trust: { ...entered.trust, tenths } }, visitor);
  }

  #begins(
    name: string,
    key: string,
    entered: Entered,
    visitor: Visitor,
    origin: SessionOrigin,
  ): Entry {
    // FAIL CLOSED: a session that is not on record is none.
    if (this.#options.log.record({ kind: "session_opened", origin, ...contextOf(visitor) })) {
      return this.#entered(name, key, entered, visitor);
    }
    void this.#options.batch.send([run(FORGET, [name])]);
    return { kind: "refused", code: "audit_unavailable" };
  }

  #entered(name: string, key: string, entered: Entered, visitor: Visitor): Entry {
    const { batch, log, clock, maxAgeMs } = this.#options;
    const session: Session = new SharedSession({
      ...{ name, key, entered, visitor, batch, log, clock, maxAgeMs },
      keeper: this.#keeper,
      end: (cause) => void this.#end(name, cause),
    });
    return { kind: "entered", session };
  }

  /** Whichever replica ended a session tells of it, once. */
  #tellEnded({ ended }: Entered): void {
    const { seal, log } = this.#options;
    for (const { cause, name, context } of ended) {
      const text = seal.open(context, name);
      if (text === null) continue;
      // What opens was made by us.
      const place = JSON.parse(text) as ReturnType<typeof placeOf>;
      log.record({ kind: "session_ended", cause, ...place, sourceIp: null, requestId: null });
    }
  }

  /** FAIL CLOSED, unless it was asked for to keep a book here. */
  #without(mode: Mode, visitor: Visitor): Soon<Entry> {
    const { fallback } = this.#options;
    const { id } = visitor;
    const entry =
      mode === "open" && id !== null
        ? fallback?.open({ ...visitor, id })
        : fallback?.enter(visitor);
    return entry ?? { kind: "refused", code: "state_unavailable" };
  }

  /** A refusal stands whether the log can take it or not. */
  #refuse(code: SessionRefusal, visitor: Visitor): Entry {
    this.#options.log.record({ kind: "session_refused", code, ...contextOf(visitor) });
    return { kind: "refused", code };
  }
}

function originOf(mode: Mode, { kind }: Entered): SessionOrigin {
  if (mode === "credential") return "credential";
  return kind === "adopted" ? "adopted" : "initialize";
}

/** What happens to a session later comes from no request. */
function placeOf(visitor: Visitor) {
  const { server, principal, session } = contextOf(visitor);
  return { server, principal, session };
}

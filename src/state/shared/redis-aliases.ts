import type { AliasScope, OpenedAlias } from "../../core/alias.ts";
import type { AliasStore, Clock } from "../../core/ports.ts";
import type { OnFailure, Wanted } from "../../core/shared.ts";
import { plain } from "./batch.ts";
import type { StateSeal } from "./seal.ts";
import { type Errand, type Journal, refusalOn, type SharedPart } from "./shared-state.ts";

export interface RedisAliasesOptions {
  /** What this process knows; its codes are those of any other process with the same key. */
  readonly local: AliasStore;
  readonly seal: StateSeal;
  readonly journal: Journal;
  readonly clock: Pick<Clock, "monotonic">;
  /** Since an alias was used last. */
  readonly ttlMs: number;
  readonly onFailure: OnFailure;
}

/** Codes that need not be told again soon, in each of two generations. */
const TOLD_MAX = 65_536;
/** Of one message; of more, nobody says what they stand for. */
const BROUGHT_MAX = 8_192;

/**
 * Aliases that any replica opens. Each process remembers what it used; what it does not know it is
 * brought before a message is judged, and what it mints is told before the message goes out.
 */
export function createRedisAliases(options: RedisAliasesOptions): AliasStore & SharedPart {
  return new RedisAliases(options);
}

class RedisAliases implements AliasStore, SharedPart {
  readonly #options: RedisAliasesOptions;
  #young = new Set<string>();
  #old = new Set<string>();
  #turnsAt: number;

  constructor(options: RedisAliasesOptions) {
    this.#options = options;
    this.#turnsAt = this.#nextTurn();
  }

  codeOf(text: string, scope: AliasScope): string {
    const code = this.#options.local.codeOf(text, scope);
    const key = keyOf(scope, code);
    if (!this.#isTold(key)) this.#options.journal.add(this.#telling(text, scope, code));
    return code;
  }

  open(code: string, scope: AliasScope): OpenedAlias {
    const { local, journal } = this.#options;
    const opened = local.open(code, scope);
    if (opened.kind === "known" && !this.#isTold(keyOf(scope, code))) {
      // Kept alive for the others; that it is known here does not depend on it.
      journal.tell(this.#telling(opened.text, scope, code));
    }
    return opened;
  }

  bring({ aliases }: Wanted): Errand | null {
    if (aliases === null || aliases.codes.length === 0) return null;
    const { local, seal, onFailure } = this.#options;
    const { scope } = aliases;
    const names = aliases.codes.slice(0, BROUGHT_MAX).map((code) => this.#nameOf(scope, code));
    return {
      commands: [plain("mget", ...names)],
      done: ([values]) => {
        for (const [index, sealed] of (Array.isArray(values) ? values : []).entries()) {
          const text =
            typeof sealed === "string" ? seal.open(sealed, contextOf(scope, names[index])) : null;
          // The same text has the same code: what somebody else put there stays unknown.
          if (text !== null) local.codeOf(text, scope);
        }
        return null;
      },
      failed: () => refusalOn(onFailure),
    };
  }

  #telling(text: string, scope: AliasScope, code: string): Errand {
    const { seal, ttlMs, onFailure } = this.#options;
    const name = this.#nameOf(scope, code);
    return {
      commands: [plain("set", name, seal.seal(text, contextOf(scope, name)), "px", ttlMs)],
      done: () => {
        this.#told(keyOf(scope, code));
        return null;
      },
      failed: () => refusalOn(onFailure),
    };
  }

  #nameOf(scope: AliasScope, code: string): string {
    return this.#options.seal.name("alias", scope.id, code);
  }

  #isTold(key: string): boolean {
    if (this.#options.clock.monotonic() >= this.#turnsAt) this.#turn();
    return this.#young.has(key) || this.#old.has(key);
  }

  #told(key: string): void {
    if (this.#young.size >= TOLD_MAX) this.#turn();
    this.#young.add(key);
  }

  /** What was told is told again after a quarter of its time at the least, and half at the most. */
  #turn(): void {
    this.#old = this.#young;
    this.#young = new Set();
    this.#turnsAt = this.#nextTurn();
  }

  #nextTurn(): number {
    return this.#options.clock.monotonic() + this.#options.ttlMs / 4;
  }
}

/** A scope's id has no NUL. */
function keyOf(scope: AliasScope, code: string): string {
  return `${scope.id}\0${code}`;
}

function contextOf(scope: AliasScope, name: string | undefined): string {
  return `${scope.id}\0${name ?? ""}`;
}

import type { AliasScope, OpenedAlias } from "../../core/alias.ts";
import type { AliasStore } from "../../core/ports.ts";
import { hasCheck, shortCode } from "./short-code.ts";

export interface MemoryStoreLimits {
  readonly maxEntries: number;
  /** UTF-16 code units of all texts together. */
  readonly maxLength: number;
}

/** Half of it is more than the aliases that a request of 1 MiB can hold. */
const MEMORY_STORE_LIMITS: MemoryStoreLimits = {
  maxEntries: 131_072,
  maxLength: 16 * 1024 * 1024,
};

/** As many times a code may be taken by another text; each time it is one in 2^60. */
const COLLISIONS_MAX = 4;

/**
 * Remembers in this process what aliases stand for. There are two generations: when the young one
 * has half of what may be kept, it becomes the old one, and what was in that is forgotten unless it
 * was used meanwhile: the half that was used last is always there. The codes are those of any other
 * process with the same key.
 */
export function createMemoryStore(limits: MemoryStoreLimits = MEMORY_STORE_LIMITS): AliasStore {
  return new MemoryStore(limits);
}

interface Generation {
  /** By the scope's id and the code. */
  readonly texts: Map<string, string>;
  /** The way back, so that a path that comes often is hashed once. */
  readonly codes: Map<string, string>;
  length: number;
}

class MemoryStore implements AliasStore {
  readonly #limits: MemoryStoreLimits;
  #young = emptyGeneration();
  #old = emptyGeneration();

  constructor(limits: MemoryStoreLimits) {
    this.#limits = limits;
  }

  codeOf(text: string, scope: AliasScope): string {
    const key = keyOf(scope, text);
    const young = this.#young.codes.get(key);
    if (young !== undefined) return young;
    const code = this.#old.codes.get(key) ?? this.#freeCode(text, scope);
    this.#remember(scope, code, text);
    return code;
  }

  open(code: string, scope: AliasScope): OpenedAlias {
    const key = keyOf(scope, code);
    const young = this.#young.texts.get(key);
    if (young !== undefined) return { kind: "known", text: young };
    const old = this.#old.texts.get(key);
    if (old === undefined) {
      return hasCheck(scope.key, code) ? { kind: "forgotten" } : { kind: "foreign" };
    }
    this.#remember(scope, code, old);
    return { kind: "known", text: old };
  }

  #freeCode(text: string, scope: AliasScope): string {
    let code = shortCode(scope.key, text);
    for (let round = 1; round < COLLISIONS_MAX; round += 1) {
      const key = keyOf(scope, code);
      if (!this.#young.texts.has(key) && !this.#old.texts.has(key)) break;
      code = shortCode(scope.key, `${text}\0${round}`);
    }
    return code;
  }

  #remember(scope: AliasScope, code: string, text: string): void {
    const { maxEntries, maxLength } = this.#limits;
    const { texts, length } = this.#young;
    if (texts.size >= maxEntries / 2 || length + text.length > maxLength / 2) {
      this.#old = this.#young;
      this.#young = emptyGeneration();
    }
    this.#young.texts.set(keyOf(scope, code), text);
    this.#young.codes.set(keyOf(scope, text), code);
    this.#young.length += text.length;
  }
}

function emptyGeneration(): Generation {
  return { texts: new Map(), codes: new Map(), length: 0 };
}

/** A scope's id has no NUL. */
function keyOf(scope: AliasScope, text: string): string {
  return `${scope.id}\0${text}`;
}

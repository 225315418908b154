import type { AliasScope, OpenedAlias } from "../../core/alias.ts";
import type { AliasStore } from "../../core/ports.ts";
import { hasCheck, shortCode } from "./short-code.ts";

export interface MemoryStoreLimits {
  readonly maxEntries: number;
  /** UTF-16 code units of all texts together. */
  readonly maxLength: number;
}

export const MEMORY_STORE_LIMITS: MemoryStoreLimits = {
  maxEntries: 65_536,
  maxLength: 16 * 1024 * 1024,
};

/** As many times a code may be taken by another text; each time it is one in 2^60. */
const COLLISIONS_MAX = 4;

/**
 * Remembers in this process what aliases stand for, and forgets what was not used for longest. The
 * codes are those of any other process with the same key.
 */
export function createMemoryStore(limits: MemoryStoreLimits = MEMORY_STORE_LIMITS): AliasStore {
  return new MemoryStore(limits);
}

class MemoryStore implements AliasStore {
  readonly #limits: MemoryStoreLimits;
  /** In the order of use; the key is the scope's id and the code. */
  readonly #texts = new Map<string, string>();
  /** The way back, so that a path that comes often is hashed once. */
  readonly #codes = new Map<string, string>();
  #length = 0;

  constructor(limits: MemoryStoreLimits) {
    this.#limits = limits;
  }

  codeOf(text: string, scope: AliasScope): string {
    const known = this.#codes.get(keyOf(scope, text));
    if (known !== undefined) {
      this.#touch(keyOf(scope, known), text);
      return known;
    }
    let code = shortCode(scope.key, text);
    for (let round = 1; round < COLLISIONS_MAX; round += 1) {
      const other = this.#texts.get(keyOf(scope, code));
      if (other === undefined || other === text) break;
      code = shortCode(scope.key, `${text}\0${round}`);
    }
    this.#remember(scope, code, text);
    return code;
  }

  open(code: string, scope: AliasScope): OpenedAlias {
    const key = keyOf(scope, code);
    const text = this.#texts.get(key);
    if (text === undefined) {
      return hasCheck(scope.key, code) ? { kind: "forgotten" } : { kind: "foreign" };
    }
    this.#touch(key, text);
    return { kind: "known", text };
  }

  #touch(key: string, text: string): void {
    this.#texts.delete(key);
    this.#texts.set(key, text);
  }

  #remember(scope: AliasScope, code: string, text: string): void {
    this.#texts.set(keyOf(scope, code), text);
    this.#codes.set(keyOf(scope, text), code);
    this.#length += text.length;
    for (const [key, oldest] of this.#texts) {
      const { maxEntries, maxLength } = this.#limits;
      if (this.#texts.size <= maxEntries && this.#length <= maxLength) break;
      this.#texts.delete(key);
      this.#codes.delete(key.slice(0, key.indexOf(SEPARATOR) + 1) + oldest);
      this.#length -= oldest.length;
    }
  }
}

const SEPARATOR = "\0";

/** A scope's id has no NUL. */
function keyOf(scope: AliasScope, text: string): string {
  return `${scope.id}${SEPARATOR}${text}`;
}

import type { OnFailure, SeenTools, Wanted } from "../../core/shared.ts";
import { plain, type RedisCommand } from "./batch.ts";
import type { StateSeal } from "./seal.ts";
import { type Errand, type Journal, refusalOn, type SharedPart } from "./shared-state.ts";

export interface RedisToolsOptions {
  readonly seal: StateSeal;
  readonly journal: Journal;
  readonly onFailure: OnFailure;
  readonly ttlMs: number;
}

/** Of one server; of more nobody knows what they were. */
const TOOLS_MAX = 4_096;
/** What stands for a definition that nobody could compare. */
const UNCOMPARED = "-";
const HASH = /^sha256:[0-9a-f]{64}$/;

/**
 * Hashes of the definitions that servers sent last, for all replicas; the definitions themselves
 * stay where they were seen.
 */
export function createRedisTools(options: RedisToolsOptions): SeenTools & SharedPart {
  return new RedisTools(options);
}

class RedisTools implements SeenTools, SharedPart {
  readonly #options: RedisToolsOptions;
  /** As it was brought last. By server and by the tool's digest. */
  readonly #seen = new Map<string, Map<string, string>>();

  constructor(options: RedisToolsOptions) {
    this.#options = options;
  }

  hashOf(server: string, tool: string): string | null | undefined {
    const told = this.#seen.get(server)?.get(this.#digest(server, tool));
    if (told === undefined) return undefined;
    return HASH.test(told) ? told : null;
  }

  note(server: string, tools: ReadonlyMap<string, string | null>): void {
    const seen = this.#seenOf(server);
    const changed: string[] = [];
    for (const [tool, hash] of tools) {
      const field = this.#digest(server, tool);
      const told = hash ?? UNCOMPARED;
      if (seen.get(field) === told || (seen.size >= TOOLS_MAX && !seen.has(field))) continue;
      seen.set(field, told);
      changed.push(field, told);
    }
    if (changed.length === 0) return;
    const { journal, ttlMs, onFailure } = this.#options;
    const name = this.#nameOf(server);
    journal.add({
      commands: [plain("hset", name, ...changed), plain("pexpire", name, ttlMs)],
      done: () => null,
      failed: () => {
        // Told again when it is seen again.
        for (let at = 0; at < changed.length; at += 2) seen.delete(changed[at] ?? "");
        return refusalOn(onFailure);
      },
    });
  }

  bring({ server, tools }: Wanted): Errand | null {
    if (tools.length === 0) return null;
    const { onFailure } = this.#options;
    const fields = tools === "all" ? null : tools.map((tool) => this.#digest(server, tool));
    return {
      commands: [this.#asking(server, fields)],
      done: ([reply]) => {
        if (fields === null) this.#replace(server, reply);
        const values: readonly unknown[] = Array.isArray(reply) ? reply : [];
        for (const [index, field] of (fields ?? []).entries()) {
          this.#set(server, field, values[index]);
        }
        return null;
      },
      failed: () => refusalOn(onFailure),
    };
  }

  #asking(server: string, fields: readonly string[] | null): RedisCommand {
    const name = this.#nameOf(server);
    return fields === null ? plain("hgetall", name) : plain("hmget", name, ...fields);
  }

  /** The client makes an object of a hash. */
  #replace(server: string, reply: unknown): void {
    this.#seen.delete(server);
    const fields = typeof reply === "object" && reply !== null ? Object.entries(reply) : [];
    for (const [field, value] of fields.slice(0, TOOLS_MAX)) this.#set(server, field, value);
  }

  #set(server: string, field: string, value: unknown): void {
    const seen = this.#seenOf(server);
    if (typeof value === "string") seen.set(field, value);
    else seen.delete(field);
  }

  #seenOf(server: string): Map<string, string> {
    const seen = this.#seen.get(server) ?? new Map<string, string>();
    this.#seen.set(server, seen);
    return seen;
  }

  #nameOf(server: string): string {
    return this.#options.seal.name("tools", server);
  }

  #digest(server: string, tool: string): string {
    return this.#options.seal.digest(JSON.stringify([server, tool]));
  }
}

import type { Message } from "../core/message.ts";
import type { Waiting } from "../decision/denial.ts";
import { canonicalId } from "../mcp/message/id.ts";
import type { PendingRequest } from "../mcp/message/read.ts";
import type { Reading } from "./layer1.ts";

/** The requests of one exchange that still wait for an answer: each gets one, whatever happens. */
export interface Pending {
  /** They came as a batch, and are answered as one. */
  readonly batch: boolean;
  expect(reading: Reading): void;
  /** `id` as `canonicalId` spells it: servers may write the same number differently. */
  requestOf(id: string): PendingRequest | undefined;
  answered(id: string | null): void;
  waiting(): readonly Waiting[];
  isEmpty(): boolean;
  /** Whether all of them are among these, as `canonicalId` spells them. */
  areAmong(ids: readonly string[]): boolean;
  /** One of them opened a stream that may be silent for hours (MCP 2026-07-28). */
  listens(): boolean;
  clear(): void;
}

export function createPending(): Pending {
  return new PendingRequests();
}

/** A class, for one is made for each exchange: an object literal with a getter costs more. */
class PendingRequests implements Pending {
  readonly #requests = new Map<string, { readonly id: string; readonly request: PendingRequest }>();
  #listens = false;
  batch = false;

  expect({ batch, messages }: Reading): void {
    this.batch = batch;
    for (const message of messages) {
      const { kind, id, method } = message;
      if (kind !== "request" || id === null || method === null) continue;
      this.#requests.set(canonicalId(id), { id, request: pendingOf(message, method) });
      this.#listens ||= method === "subscriptions/listen";
    }
  }

  requestOf(id: string): PendingRequest | undefined {
    return this.#requests.get(id)?.request;
  }

  answered(id: string | null): void {
    if (id !== null) this.#requests.delete(canonicalId(id));
  }

  waiting(): readonly Waiting[] {
    return [...this.#requests.values()].map(({ id, request: { method, revision } }) => ({
      id,
      method,
      revision,
    }));
  }

  isEmpty(): boolean {
    return this.#requests.size === 0;
  }

  areAmong(ids: readonly string[]): boolean {
    for (const id of this.#requests.keys()) if (!ids.includes(id)) return false;
    return true;
  }

  listens(): boolean {
    return this.#listens;
  }

  clear(): void {
    this.#requests.clear();
  }
}

function pendingOf(message: Message, method: string): PendingRequest {
  const { tool, prompt, uri, cursor, revision } = message;
  return { method, tool, prompt, uri, cursor, revision };
}

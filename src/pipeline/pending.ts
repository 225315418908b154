import type { Message } from "../core/message.ts";
import type { Waiting } from "../decision/denial.ts";
import type { PendingRequest } from "../mcp/message/read.ts";
import type { Reading } from "./layer1.ts";

/** The requests of one exchange that still wait for an answer: each gets one, whatever happens. */
export interface Pending {
  /** They came as a batch, and are answered as one. */
  readonly batch: boolean;
  expect(reading: Reading): void;
  requestOf(id: string): PendingRequest | undefined;
  answered(id: string | null): void;
  waiting(): readonly Waiting[];
  isEmpty(): boolean;
  /** One of them opened a stream that may be silent for hours (MCP 2026-07-28). */
  listens(): boolean;
  clear(): void;
}

export function createPending(): Pending {
  const requests = new Map<string, PendingRequest>();
  let batch = false;
  let listens = false;
  return {
    get batch() {
      return batch;
    },
    expect(reading) {
      batch = reading.batch;
      for (const message of reading.messages) {
        if (message.kind !== "request" || message.id === null || message.method === null) continue;
        requests.set(message.id, pendingOf(message, message.method));
        listens ||= message.method === "subscriptions/listen";
      }
    },
    requestOf: (id) => requests.get(id),
    answered(id) {
      if (id !== null) requests.delete(id);
    },
    waiting: () =>
      [...requests].map(([id, { method, revision }]) => ({ id, method, revision })),
    isEmpty: () => requests.size === 0,
    listens: () => listens,
    clear: () => requests.clear(),
  };
}

function pendingOf({ tool, prompt, uri, revision }: Message, method: string): PendingRequest {
  return { method, tool, prompt, uri, revision };
}

import { waitFor } from "./wait.ts";

/** One event as a client sees it. A block of comments alone is an event with `comment` only. */
export interface SseEvent {
  readonly event: string | null;
  readonly id: string | null;
  readonly data: string | null;
  readonly comment: string | null;
  json(): unknown;
}

/** Events in the order of arrival. */
export interface SseReader {
  /** The next event that carries data; rejects at the stream's end or after the deadline. */
  next(deadlineMs?: number): Promise<SseEvent>;
  /** All blocks so far, comments too. */
  readonly all: readonly SseEvent[];
}

/** The reader with its other end: bytes go in by `push`. */
export interface SseSink extends SseReader {
  push(bytes: Uint8Array): void;
  finish(): void;
}

/** Reads an event stream from chunks that may be cut anywhere. */
export function sseReader(): SseSink {
  const decoder = new TextDecoder();
  const all: SseEvent[] = [];
  let rest = "";
  let done = false;
  let taken = 0;
  return {
    all,
    push: (bytes) => {
      const text = decoder.decode(bytes, { stream: true });
      rest += text;
      // Without a line's end nothing can have become complete: events of megabytes stay linear.
      if (!text.includes("\n")) return;
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      all.push(...blocks.map(parseBlock));
    },
    finish: () => {
      done = true;
    },
    next: (deadlineMs = 5_000) =>
      waitFor(
        "the next event",
        () => {
          while (taken < all.length) {
            const event = all[taken];
            taken += 1;
            if (event && event.data !== null) return event;
          }
          if (done) throw new Error("the stream ended before the next event");
          return undefined;
        },
        deadlineMs,
      ),
  };
}

function parseBlock(block: string): SseEvent {
  const lines = block.split(/\r?\n/);
  const field = (name: string): string | null => {
    const prefix = `${name}:`;
    const values = lines
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length).replace(/^ /, ""));
    return values.length === 0 ? null : values.join("\n");
  };
  const data = field("data");
  return {
    event: field("event"),
    id: field("id"),
    data,
    comment: field(""),
    json: () => JSON.parse(data ?? "null"),
  };
}

import type { StreamOutput } from "../core/exchange.ts";
import type { PaddingScheme } from "../core/padding.ts";
import { errorMessage } from "../decision/denial.ts";
import { createStreamPadding, padEvent } from "../decision/padding/pad-event.ts";
import type { refusal } from "../decision/refusals.ts";
import type { ProtocolFault } from "../mcp/message/fault.ts";
import { canonicalId } from "../mcp/message/id.ts";
import type { PendingRequest } from "../mcp/message/read.ts";
import { createSseParser, encodeEvent, type SseItem } from "../mcp/sse.ts";
import { hasForeignLines } from "../mcp/sse-lines.ts";
import type { Dependencies } from "./dependencies.ts";
import { isInnocent, showsRoot } from "./innocent.ts";
import { judge } from "./judge.ts";
import { type Decision, refused } from "./layer2.ts";
import type { Pending } from "./pending.ts";
import { readResponse } from "./reading.ts";
import { record } from "./record.ts";
import type { Scene } from "./scene.ts";
import { markAnswered, refusedBy, settle } from "./settle.ts";

/** Reads a stream of server-sent events, event by event; what is not whole yet waits here. */
export interface StreamFilter {
  push(chunk: Uint8Array, last: boolean): StreamOutput;
  /** An error event for each request that still waits (or one without id, if none does). */
  errors(decision: Decision): Uint8Array;
  /** A comment to be sent into a long silence. */
  readonly heartbeat: Uint8Array;
}

export interface StreamContext {
  readonly scene: Scene;
  /** A stream that answers no request of this exchange: results may belong to an earlier one. */
  readonly listening: boolean;
  readonly pending: Pending;
  readonly dependencies: Dependencies;
}

export function createStreamFilter(context: StreamContext): StreamFilter {
  return new SseFilter(context);
}

type Event = Extract<SseItem, { readonly kind: "event" }>;

/** What becomes of one event: bytes, perhaps none; null ends the stream with errors. */
type EventOutput = { readonly bytes: Uint8Array; readonly pad: readonly PaddingScheme[] } | null;

const NOTHING = { bytes: new Uint8Array(0), pad: [] };
const KEEP_ALIVE = Buffer.from(": keep-alive\n\n");

/** A resumed stream may bring the answer to a request of another exchange. */
const ANOTHER_EXCHANGE: PendingRequest = {
  method: "",
  tool: null,
  prompt: null,
  uri: null,
  cursor: null,
  revision: "2025-11-25",
};

class SseFilter implements StreamFilter {
  readonly heartbeat: Uint8Array;
  readonly #context: StreamContext;
  readonly #padding: ReturnType<typeof createStreamPadding>;
  readonly #parser: ReturnType<typeof createSseParser>;
  /** The client has seen the id of an event: it can come back for the rest. */
  #resumable = false;
  readonly #isPadded: boolean;
  /** A comment went out with what is being pushed. */
  #hasCommented = false;

  constructor(context: StreamContext) {
    this.#context = context;
    const { limits, settings } = context.dependencies;
    const { padding } = settings(context.scene.server);
    this.#isPadded = padding.kind !== "off";
    this.#parser = createSseParser(limits);
    this.#padding = createStreamPadding(padding, limits.sseEventMaxBytes);
    this.heartbeat = padEvent(KEEP_ALIVE, padding, limits.sseEventMaxBytes);
  }

  push(chunk: Uint8Array, last: boolean): StreamOutput {
    const output: Uint8Array[] = [];
    this.#hasCommented = false;
    for (const item of this.#parser.push(chunk)) {
      if (!this.#item(item, output)) return { bytes: Buffer.concat(output), end: true };
    }
    for (const item of last ? this.#parser.end() : []) {
      if (!this.#item(item, output)) return { bytes: Buffer.concat(output), end: true };
    }
    if (last && !this.#resumable && !this.#context.pending.isEmpty()) {
      // An SDK client would wait a minute for an answer that can no longer come.
      output.push(this.errors(this.#refused("response_missing")));
    }
    return {
      bytes: output.length === 1 && output[0] ? output[0] : Buffer.concat(output),
      end: false,
    };
  }

  errors(decision: Decision): Uint8Array {
    const { pending, dependencies, scene } = this.#context;
    const { disclose } = dependencies.settings(scene.server);
    const waiting = pending.waiting();
    const ids = waiting.length > 0 ? waiting.map(({ id }) => id) : [null];
    pending.clear();
    const events = ids.map((id) => {
      const data = errorMessage(id, refusedBy(decision), disclose);
      return this.#padding.event(Buffer.from(`event: message\ndata: ${data}\n\n`, "utf8"));
    });
    return Buffer.concat(events);
  }

  /** False when the stream must end behind what is in `output`. */
  #item(item: SseItem, output: Uint8Array[]): boolean {
    if (item.kind === "too_large") return this.#end("response_too_large", output);
    if (item.kind === "pass") {
      if (this.#innocent(item.raw) && this.#mayPass()) output.push(this.#padding.passing(item.raw));
      return true;
    }
    if (item.type === "endpoint") return this.#end("legacy_transport", output);
    if (item.unterminated && (item.data === null || item.data.length === 0)) return true;
    const event = this.#event(item);
    if (event === null) return this.#end("response_unreadable", output);
    const { bytes, pad } = event;
    this.#resumable ||= bytes.length > 0 && this.#canComeBack(item);
    output.push(this.#padding.event(item.unterminated ? terminated(bytes) : bytes, pad));
    return true;
  }

  /** With this event's id a client can ask for what follows it; until 2026 gave that up. */
  #canComeBack({ unterminated, id }: Event): boolean {
    const { headerRevision } = this.#context.scene;
    return !unterminated && id !== null && id !== "" && headerRevision !== "2026-07-28";
  }

  /** Each comment would be padded to a bucket: a few bytes of them must not become megabytes. */
  #mayPass(): boolean {
    if (this.#isPadded && this.#hasCommented) return false;
    this.#hasCommented = true;
    return true;
  }

  #end(code: "response_too_large" | "response_unreadable" | "legacy_transport", out: Uint8Array[]) {
    out.push(this.errors(this.#refused(code)));
    return false;
  }

  #event(event: Event): EventOutput {
    if (!this.#innocent(sideTextOf(event))) return null;
    if (event.data === null || event.data.length === 0) return this.#primer(event);
    const { scene, pending, dependencies, listening } = this.#context;
    const requestOf = (id: string) =>
      pending.requestOf(id) ?? (listening ? ANOTHER_EXCHANGE : undefined);
    const read = readResponse(dependencies.limits, scene.headerRevision, requestOf);
    const outcome = judge(event.data, read, scene, dependencies);
    if (!outcome.ok) {
      if (this.#mayAnswer(outcome.error)) return null;
      // JSON that is no message, or an answer that nobody waits for: dropped, on record.
      this.#refused("response_unreadable");
      return NOTHING;
    }
    const settled = settle(outcome.value, dependencies.settings(scene.server));
    markAnswered(outcome.value, pending);
    if (settled.dropped) return NOTHING;
    const isUntouched = settled.bytes === event.data;
    const bytes = isUntouched ? event.raw : encodeEvent(event, settled.bytes);
    return { bytes, pad: settled.pad };
  }

  /**
   * An event without data primes the client's reconnection; there is nothing in it to judge. Lines
   * that mean nothing to a client are no reason to pass what nobody read: an answer in JSON that
   * calls itself a stream is dropped, and told as missing.
   */
  #primer({ raw }: Event): EventOutput {
    if (!hasForeignLines(raw)) return { bytes: raw, pad: [] };
    this.#refused("response_unreadable");
    return NOTHING;
  }

  /** Whether somebody may wait for just this event, which cannot be read: better told than left. */
  #mayAnswer({ code, id }: ProtocolFault): boolean {
    if (code === "parse_error" || code === "too_complex") return true;
    return id !== null && this.#context.pending.requestOf(canonicalId(id)) !== undefined;
  }

  /** Comments, ids and event names are bytes too: no secret and no path passes in one of them. */
  #innocent(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    const { scene, dependencies } = this.#context;
    const text = Buffer.from(bytes).toString("utf8");
    return isInnocent(text, scene, dependencies) && !showsRoot(text, scene, dependencies);
  }

  #refused(code: Parameters<typeof refusal>[0]): Decision {
    const { scene, dependencies } = this.#context;
    const revision = dependencies.policy()?.engine.revision ?? "none";
    const decision = refused(dependencies.identifiers.decisionId(), code, null, revision);
    return record({ decision, findings: [], receipts: [], scene, timings: null }, dependencies);
  }
}

/** What follows must not be read as a part of an event whose blank line never came. */
function terminated(event: Uint8Array): Uint8Array {
  return event.length === 0 ? event : Buffer.concat([event, Buffer.from("\n\n")]);
}

/** Carriage returns, or `retry: 3000`: what an event has beside one line for each field. */
const SPARE_BYTES = 12;

/** All of an event but its data: its name and id, and every other line if there can be one. */
function sideTextOf({ raw, data, type, id }: Event): Uint8Array {
  const known = lineBytes("data", data) + lineBytes("event", type) + lineBytes("id", id) + 1;
  if (raw.length - known <= SPARE_BYTES) return Buffer.from(`${type ?? ""}\n${id ?? ""}`, "utf8");
  const lines = Buffer.from(raw)
    .toString("utf8")
    .split(/\r\n|\r|\n/);
  return Buffer.from(lines.filter((line) => !/^data(:|$)/.test(line)).join("\n"), "utf8");
}

/** `name: value` and its line end. */
function lineBytes(name: string, value: { readonly length: number } | null): number {
  return value === null ? 0 : name.length + value.length + 3;
}

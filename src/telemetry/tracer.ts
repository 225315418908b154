import type { Clock } from "../core/ports.ts";
import type {
  ExchangeSpan,
  JudgedSpan,
  SpanRequest,
  TracedExchange,
  TraceParent,
  Tracer,
} from "../core/trace.ts";
import { isKnownMethod } from "./method-label.ts";
import {
  type Attributes,
  encodeAttributes,
  encodeResource,
  nanoseconds,
  type OtlpResource,
} from "./otlp-attributes.ts";

export interface TracerOptions {
  readonly clock: Clock;
  /** Of exchanges without a parent so many are told of, by chance; from 0 to 1. */
  readonly rootShare: number;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** So many random bytes, for ids. */
  readonly randomBytes: (count: number) => Buffer;
  /** Takes the spans of an exchange that is over: JSON objects of OTLP, with commas between. */
  readonly emit: (spans: string) => void;
}

/** Spans of one exchange; a stream may last for hours. */
const PHASES_MAX = 100;
/** What stands for a name that is in no list (semantic conventions of HTTP). */
const OTHER = "_OTHER";
const HTTP_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "DELETE", "OPTIONS"]);
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** OTLP 1.x, `Span.SpanKind`. */
const INTERNAL = 1;
const SERVER = 2;
/** `Status.StatusCode` */
const ERROR = 2;
/** `SpanFlags`: sampled; it is known whether the parent is remote; it is. */
const SAMPLED = 0x01;
const HAS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/**
 * Follows exchanges whose parent is sampled (W3C Trace Context), and a share of those without one.
 * Their spans are made when they are over, so that no call waits for them.
 */
export function createTracer(options: TracerOptions): Tracer {
  return {
    open: (exchange) => (exchange.trace?.isSampled === false ? null : new Span(exchange, options)),
  };
}

/** `ExportTraceServiceRequest` of what was emitted. */
export function encodeTraces(exchanges: readonly string[], resource: OtlpResource): string {
  const scope = { name: "impedance.exchange", version: resource.version };
  return (
    `{"resourceSpans":[{"resource":${JSON.stringify(encodeResource(resource))},` +
    `"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[${exchanges.join(",")}]}]}]}`
  );
}

interface Phase {
  readonly name: string;
  readonly startMs: number;
  endMs: number;
  readonly attributes: Attributes;
}

class Span implements ExchangeSpan {
  readonly #options: TracerOptions;
  readonly #exchange: TracedExchange;
  readonly #ownTraceId: string;
  /** Of the monotonic clock, and of the day. */
  readonly #startMs: number;
  readonly #epochMs: number;
  readonly #phases: Phase[] = [];
  #leftOut = 0;
  #request: SpanRequest | null = null;
  #timings: JudgedSpan["timings"] | null = null;
  #first: JudgedSpan | null = null;
  #denied: JudgedSpan | null = null;
  #isEdited = false;

  constructor(exchange: TracedExchange, options: TracerOptions) {
    this.#options = options;
    this.#exchange = exchange;
    this.#startMs = options.clock.monotonic();
    this.#epochMs = options.clock.now() - this.#startMs;
    this.#ownTraceId =
      exchange.trace?.traceId ?? options.randomBytes(TRACE_ID_BYTES).toString("hex");
  }

  get traceId(): string {
    return this.#parent()?.traceId ?? this.#ownTraceId;
  }

  asked(request: SpanRequest): void {
    this.#request = request;
  }

  judged(message: JudgedSpan): void {
    const { timings, direction, recordStartMs, recordEndMs } = message;
    this.#first ??= message;
    if (!message.allow) this.#denied ??= message;
    this.#isEdited ||= message.edits > 0;
    // Messages of one body share their timings, which are told once.
    if (timings !== this.#timings) this.#phasesBefore(recordStartMs, timings, direction);
    this.#timings = timings;
    this.#add("record", recordStartMs, recordEndMs, {
      "impedance.direction": direction,
      "impedance.decision": message.allow ? "allow" : "deny",
      "impedance.decision.id": message.decisionId,
      "impedance.reasons": message.reasons.length === 0 ? null : message.reasons,
      "impedance.findings": message.findings,
      "impedance.edits": message.edits,
    });
  }

  end(): void {
    const parent = this.#parent();
    const { rootShare, chance, emit } = this.#options;
    if (parent === null ? chance() >= rootShare : !parent.isSampled) return;
    emit(this.#encode(parent, this.#options.clock.monotonic()));
  }

  /** The proxy's span, or what stands for it; else what the message itself says. */
  #parent(): TraceParent | null {
    return this.#exchange.trace ?? this.#request?.parent ?? null;
  }

  /** Laps follow each other, up to the moment at which recording began. */
  #phasesBefore(
    endMs: number,
    timings: JudgedSpan["timings"],
    direction: JudgedSpan["direction"],
  ): void {
    const laps = Object.entries(timings);
    let atMs = endMs - laps.reduce((sum, [, lapMs]) => sum + lapMs, 0);
    for (const [name, lapMs] of laps) {
      this.#add(name, atMs, atMs + lapMs, { "impedance.direction": direction });
      atMs += lapMs;
    }
  }

  #add(name: string, startMs: number, endMs: number, attributes: Attributes): void {
    if (this.#phases.length >= PHASES_MAX) this.#leftOut += 1;
    else this.#phases.push({ name, startMs, endMs, attributes });
  }

  #encode(parent: TraceParent | null, endMs: number): string {
    const { traceId } = this;
    const bytes = this.#options.randomBytes(SPAN_ID_BYTES * (this.#phases.length + 1));
    const idAt = (index: number) =>
      bytes.toString("hex", index * SPAN_ID_BYTES, (index + 1) * SPAN_ID_BYTES);
    const spanId = idAt(0);
    const time = (atMs: number) => nanoseconds(this.#epochMs + atMs);
    const link = this.#link(parent);
    const own = {
      ...{ traceId, spanId, ...(parent === null ? {} : { parentSpanId: parent.spanId }) },
      flags: SAMPLED | HAS_REMOTE | (parent === null ? 0 : IS_REMOTE),
      ...{ name: this.#name(), kind: SERVER },
      ...{ startTimeUnixNano: time(this.#startMs), endTimeUnixNano: time(endMs) },
      attributes: encodeAttributes(this.#attributes()),
      ...(link === null ? {} : { links: [link] }),
      ...(this.#denied === null ? {} : { status: { code: ERROR } }),
    };
    const phases = this.#phases.map(({ name, startMs, endMs: phaseEndMs, attributes }, index) => ({
      ...{ traceId, spanId: idAt(index + 1), parentSpanId: spanId, flags: SAMPLED | HAS_REMOTE },
      ...{ name, kind: INTERNAL },
      ...{ startTimeUnixNano: time(startMs), endTimeUnixNano: time(phaseEndMs) },
      attributes: encodeAttributes(attributes),
    }));
    return [own, ...phases].map((span) => JSON.stringify(span)).join(",");
  }

  /** `{mcp.method.name} {target}`, as the semantic conventions of MCP have it. */
  #name(): string {
    const method = this.#method();
    const target = this.#request?.tool ?? this.#request?.prompt ?? null;
    if (method === null) return this.#httpMethod();
    return target === null ? method : `${method} ${target}`;
  }

  #method(): string | null {
    const method = this.#request?.method ?? null;
    return method === null || isKnownMethod(method) ? method : OTHER;
  }

  #httpMethod(): string {
    const { method } = this.#exchange;
    return HTTP_METHODS.has(method) ? method : OTHER;
  }

  #attributes(): Attributes {
    const request = this.#request;
    const denied = this.#denied;
    const method = this.#method();
    const passed = this.#isEdited ? "redact" : "allow";
    return {
      "mcp.method.name": method,
      "gen_ai.operation.name": method === "tools/call" ? "execute_tool" : null,
      "gen_ai.tool.name": request?.tool ?? null,
      "gen_ai.prompt.name": request?.prompt ?? null,
      "jsonrpc.request.id": request?.requestId ?? null,
      "mcp.session.id": request?.sessionId ?? null,
      "mcp.protocol.version": request?.revision ?? null,
      "http.request.method": this.#httpMethod(),
      "rpc.response.status_code": denied === null ? null : String(denied.rpcCode),
      "error.type": denied?.reasons[0] ?? null,
      "impedance.server": this.#exchange.server,
      "impedance.decision": denied === null ? passed : "deny",
      "impedance.decision.id": (denied ?? this.#first)?.decisionId ?? null,
      "impedance.spans_left_out": this.#leftOut === 0 ? null : this.#leftOut,
    };
  }

  /** The client's own trace, where it is not the one that this span is a part of. */
  #link(parent: TraceParent | null): object | null {
    const told = this.#request?.parent ?? null;
    if (told === null || told === parent) return null;
    if (told.traceId === parent?.traceId && told.spanId === parent.spanId) return null;
    return { traceId: told.traceId, spanId: told.spanId };
  }
}

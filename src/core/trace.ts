import type { Direction } from "./message.ts";

/** Where in a trace something is done: W3C Trace Context, `traceparent`. */
export interface TraceParent {
  /** Lower-case hexadecimal, 32 digits. */
  readonly traceId: string;
  /** Lower-case hexadecimal, 16 digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Follows exchanges, where somebody wants them traced. */
export interface Tracer {
  /** Null: nobody wants this exchange traced, and nothing is held for it. */
  open(exchange: TracedExchange): ExchangeSpan | null;
}

/** What is known of an exchange before anything of it was read. */
export interface TracedExchange {
  /** Absent where it is not known yet, or there is none. */
  readonly trace?: TraceParent;
  /** Of HTTP. */
  readonly method: string;
  readonly server: string | null;
}

/** One exchange as it is told to others. Nothing here throws, waits, or holds what a peer sent. */
export interface ExchangeSpan {
  /** Of the trace that it is a part of. */
  readonly traceId: string;
  /** What the client wants, once that was read. */
  asked(request: SpanRequest): void;
  /** One message was judged, or refused. */
  judged(message: JudgedSpan): void;
  /** The exchange is over. Called once. */
  end(): void;
}

/** Names only, each in a form that a name has; null where there is none that may be told. */
export interface SpanRequest {
  readonly method: string | null;
  readonly tool: string | null;
  readonly prompt: string | null;
  readonly requestId: string | null;
  /** A pseudonym. */
  readonly sessionId: string | null;
  readonly revision: string | null;
  /** What the message itself says, in its `_meta`. */
  readonly parent: TraceParent | null;
}

/** Codes and numbers. Times are of the monotonic clock, in milliseconds. */
export interface JudgedSpan {
  readonly direction: Direction;
  /** Milliseconds by phase, in their order; the last one ended when recording began. */
  readonly timings: { readonly [phase: string]: number };
  readonly recordStartMs: number;
  readonly recordEndMs: number;
  readonly decisionId: string;
  readonly allow: boolean;
  readonly reasons: readonly string[];
  readonly rpcCode: number;
  readonly findings: number;
  readonly edits: number;
}

/** Later versions may add to what version 00 has (W3C Trace Context, section 4.3). */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;
const TRACEPARENT_MAX_LENGTH = 256;

/** Null for whatever has not the form of a `traceparent`. */
export function decodeTraceparent(text: string | undefined): TraceParent | null {
  if (text === undefined || text.length > TRACEPARENT_MAX_LENGTH) return null;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === "00" && more !== undefined) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

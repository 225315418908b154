import type { Json } from "./policy.ts";
import type { Soon } from "./soon.ts";
import type { ExchangeSpan, TraceParent } from "./trace.ts";

/** HTTP headers as received: lower-case names, values joined with ", " where a name came twice. */
export type Headers = ReadonlyMap<string, string>;

export interface HeaderMutation {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** A caller's certificate, in the words of the proxy, which took it for genuine. */
export interface Peer {
  /** The first of each kind among its names. */
  readonly uri: string | null;
  readonly dns: string | null;
  /** RFC 4514: `CN=agent,O=Example`. */
  readonly subject: string | null;
  /** SHA-256 of the whole, in lower-case hexadecimal. */
  readonly fingerprint: string | null;
}

/** Where a request comes from, in the words of the proxy, never of the client. */
export interface Source {
  readonly ip: string | null;
  readonly spiffe: string | null;
  /** Absent where the caller showed no certificate. */
  readonly peer?: Peer;
}

/** Tokens that the proxy itself found good: their claims, by the names it keeps them under. */
export type VerifiedTokens = { readonly [name: string]: Json };

export interface RequestHead {
  readonly method: string;
  /** With the query, as received. */
  readonly path: string;
  readonly headers: Headers;
  /** The route's name; null when the proxy found no route. */
  readonly server: string | null;
  readonly source: Source;
  readonly requestId: string | null;
  /** Absent where it looked at none. */
  readonly verified?: VerifiedTokens;
  /** The proxy's own span; else what the client says. Absent where neither traces. */
  readonly trace?: TraceParent;
  /** Follows the exchange; absent where nobody does. */
  readonly span?: ExchangeSpan;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** What the proxy may log of a decision: codes and names, never values. */
export interface ProxyMetadata {
  readonly decision_id: string;
  readonly allowed: boolean;
  readonly method: string | null;
  readonly tool: string | null;
  readonly principal: string;
  readonly reasons: readonly string[];
}

/** A whole HTTP answer of our own, in place of what was refused. */
export interface HttpDenial {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly metadata: ProxyMetadata;
}

export interface Deny {
  readonly kind: "deny";
  readonly denial: HttpDenial;
}

/** What may happen to a request once its head is read: nothing goes on before its body is. */
export type RequestHeadVerdict = Collect | Deny;

export interface Collect {
  readonly kind: "collect";
  readonly maxBytes: number;
  /** How long the server may take to its answer's head. */
  readonly responseHeadDeadlineMs: number;
}

export interface Forward {
  readonly kind: "forward";
  readonly headers: HeaderMutation;
  /** The bytes that go on; empty when there is no body. */
  readonly body: Uint8Array;
  readonly metadata: ProxyMetadata | null;
  /** Something had to be taken out of the text; capabilities that were withdrawn do not count. */
  readonly isEdited: boolean;
  /**
   * Of a request: from its forwarding to its answer, whole, when that has a time of its own. Then
   * no deadline for a part of the answer ends before it.
   */
  readonly answerDeadlineMs: number | null;
}

export type Verdict = Forward | Deny;

/** What may happen to a response once its head is read. */
export type ResponseHeadVerdict =
  | { readonly kind: "collect"; readonly maxBytes: number }
  | {
      readonly kind: "stream";
      readonly headers: HeaderMutation;
      /**
       * A listening stream may be silent for hours: its head goes out at once, and our comments
       * keep it alive. Any other stream's head is held until its first event, so that until then
       * a whole answer can take its place.
       */
      readonly listening: boolean;
      /** The comment that keeps a listening stream alive. */
      readonly heartbeat: Uint8Array;
    }
  | Deny;

/** What goes to the client of one chunk of a stream; `end` closes the stream behind it. */
export interface StreamOutput {
  readonly bytes: Uint8Array;
  readonly end: boolean;
}

/** Why the proxy's side gave up on an exchange. */
export type AbortCause =
  | "request_too_large"
  | "response_too_large"
  | "request_deadline"
  | "response_deadline"
  | "tool_deadline"
  | "verdict_deadline"
  | "stream_silent"
  | "credential_expired"
  | "credential_revoked"
  | "session_ended"
  | "policy_changed"
  | "draining"
  | "needs_cleaning"
  | "overloaded"
  | "audit_unavailable"
  | "internal";

/**
 * One HTTP exchange on its way through the firewall, driven by a proxy adapter in this order:
 * `requestHead`, `request`, `responseHead`, then `response` or `streamChunk`, each after a `hold`. A body that does not
 * exist is an empty one. The proxy's own replies may bring `responseHead` at any time.
 * Anything thrown is a bug, and the adapter fails the exchange closed.
 */
export interface Exchange {
  requestHead(): Soon<RequestHeadVerdict>;
  request(body: Uint8Array): Soon<Verdict>;
  responseHead(head: ResponseHead): ResponseHeadVerdict;
  /** Passes the random while that an answer is to be kept back. */
  hold(): Soon<void>;
  response(body: Uint8Array): Soon<Verdict>;
  streamChunk(chunk: Uint8Array, last: boolean): Soon<StreamOutput>;
  /** The answer to give when the exchange cannot go on and no header has gone out yet. */
  abort(cause: AbortCause): HttpDenial;
  /** The last bytes of a stream that cannot go on: an error for each id that still waits. */
  abortStream(cause: AbortCause): Uint8Array;
  /**
   * Asked of an open stream now and then: why it may not go on, on record, or null while it may.
   * Then `abort` or `abortStream` follow with what it said.
   */
  lapsed(): AbortCause | null;
  /** Frees what is held. Called once, however the exchange ended. */
  close(): void;
}

/** The firewall as a proxy adapter sees it. */
export interface Firewall {
  open(head: RequestHead): Exchange;
}

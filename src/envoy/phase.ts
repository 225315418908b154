import type { ResponseHeadVerdict } from "../core/exchange.ts";

/**
 * Where an exchange stands. What Envoy holds goes on only with a reply of ours, so each phase ends
 * in a reply, a denial, or an error status, before its deadline.
 *
 *   start → request → awaiting → response ─────────────→ done
 *                             └→ stream_held → stream ─→ done
 */
export type Phase =
  | "start"
  | "request"
  | "awaiting"
  | "response"
  | "stream_held"
  | "stream"
  | "done";

export function isStream(phase: Phase): boolean {
  return phase === "stream" || phase === "stream_held";
}

/** What of an HTTP message is there beside its head. */
export interface Shape {
  readonly hasBody: boolean;
  readonly trailers: readonly string[] | null;
}

export const BODY: Shape = { hasBody: true, trailers: null };
export const NO_BODY: Shape = { hasBody: false, trailers: null };

/** What was decided on the head of a response that is a stream. */
export type StreamHead = Extract<ResponseHeadVerdict, { readonly kind: "stream" }>;

import type { ProcessingRequest } from "./protocol.ts";

/** envoy.extensions.filters.http.ext_proc.v3.ProcessingMode.BodySendMode */
const FULL_DUPLEX_STREAMED = 4;

/**
 * Whether Envoy is configured as we need it, by the first message of a stream. FAIL CLOSED: in any
 * other mode some bytes would pass before, or without, our reply.
 */
export function holdsAllBytes(first: ProcessingRequest): boolean {
  return (
    first.request_body_mode === FULL_DUPLEX_STREAMED &&
    first.response_body_mode === FULL_DUPLEX_STREAMED &&
    !first.observability_mode
  );
}

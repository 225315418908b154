import type { Exchange } from "../core/exchange.ts";

/** An exchange that does some steps otherwise, and leaves the others to the one inside it. */
export function around(exchange: Exchange, otherwise: Partial<Exchange>): Exchange {
  return {
    requestHead: () => exchange.requestHead(),
    request: (body) => exchange.request(body),
    responseHead: (head) => exchange.responseHead(head),
    hold: () => exchange.hold(),
    response: (body) => exchange.response(body),
    streamChunk: (chunk, last) => exchange.streamChunk(chunk, last),
    abort: (cause) => exchange.abort(cause),
    abortStream: (cause) => exchange.abortStream(cause),
    lapsed: () => exchange.lapsed(),
    close: () => exchange.close(),
    ...otherwise,
  };
}

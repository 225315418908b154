import type { Exchange, Firewall } from "../core/exchange.ts";
import type { ExchangeSpan, Tracer } from "../core/trace.ts";

/** A firewall whose exchanges somebody follows: those that the tracer wants, and no other. */
export function createTracedFirewall(firewall: Firewall, tracer: Tracer): Firewall {
  return {
    open(head) {
      const span = tracer.open(head);
      return span === null ? firewall.open(head) : traced(firewall.open({ ...head, span }), span);
    },
  };
}

function traced(exchange: Exchange, span: ExchangeSpan): Exchange {
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
    close() {
      exchange.close();
      span.end();
    },
  };
}

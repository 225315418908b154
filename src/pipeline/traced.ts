import type { Firewall } from "../core/exchange.ts";
import type { Tracer } from "../core/trace.ts";
import { around } from "./around.ts";

/** A firewall whose exchanges somebody follows: those that the tracer wants, and no other. */
export function createTracedFirewall(firewall: Firewall, tracer: Tracer): Firewall {
  return {
    open(head) {
      const span = tracer.open(head);
      if (span === null) return firewall.open(head);
      const exchange = firewall.open({ ...head, span });
      return around(exchange, {
        close() {
          exchange.close();
          span.end();
        },
      });
    },
  };
}

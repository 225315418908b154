import { Counter, Gauge, type Registry } from "prom-client";

/** What becomes of the decision log's lines on their way elsewhere. */
export interface ShippingMetrics {
  /** `destination` is a name of the operator's. */
  shipping(destination: string): ShippingCounters;
  /** Asked with each reading. */
  shippingState(destination: string, state: () => ShippingState): void;
}

export interface ShippingCounters {
  shipped(lines: number): void;
  failed(): void;
  dropped(cause: "full" | "refused" | "closed", lines: number): void;
}

export interface ShippingState {
  readonly buffered: number;
  readonly isFailing: boolean;
}

/** Destinations and causes are closed sets, the configuration's and ours: no label needs a bound. */
export function createShippingMetrics(registry: Registry): ShippingMetrics {
  const registers = [registry];
  const shippedTotal = new Counter({
    name: "impedance_shipping_shipped_total",
    help: "Lines of the decision log that a destination has taken.",
    labelNames: ["destination"],
    registers,
  });
  const failuresTotal = new Counter({
    name: "impedance_shipping_failures_total",
    help: "Attempts to send lines of the decision log that failed.",
    labelNames: ["destination"],
    registers,
  });
  const droppedTotal = new Counter({
    name: "impedance_shipping_dropped_total",
    help: "Lines that a destination will not get; the decision log itself has them.",
    labelNames: ["destination", "cause"],
    registers,
  });

  return {
    shipping: (destination) => {
      const shipped = shippedTotal.labels(destination);
      const failures = failuresTotal.labels(destination);
      // There from the start, so that an alert sees the step from 0 to 1.
      for (const counter of [shipped, failures]) counter.inc(0);
      for (const cause of ["full", "refused", "closed"]) {
        droppedTotal.labels(destination, cause).inc(0);
      }
      return {
        shipped: (lines) => shipped.inc(lines),
        failed: () => failures.inc(),
        dropped: (cause, lines) => droppedTotal.labels(destination, cause).inc(lines),
      };
    },
    shippingState: createState(registers),
  };
}

function createState(registers: Registry[]): ShippingMetrics["shippingState"] {
  const states = new Map<string, () => ShippingState>();
  const gauge = (
    name: string,
    help: string,
    aggregator: "sum" | "min",
    read: (state: ShippingState) => number,
  ) =>
    new Gauge({
      name,
      help,
      aggregator,
      labelNames: ["destination"],
      registers,
      collect() {
        for (const [destination, state] of states) this.labels(destination).set(read(state()));
      },
    });
  const buffered = "Lines of the decision log that wait to be sent.";
  gauge("impedance_shipping_buffered", buffered, "sum", (state) => state.buffered);
  const healthy = "0 from a failed attempt to send lines of the decision log to the next success.";
  gauge("impedance_shipping_healthy", healthy, "min", (state) => (state.isFailing ? 0 : 1));
  return (destination, state) => {
    states.set(destination, state);
  };
}

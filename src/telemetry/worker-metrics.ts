import { AggregatorRegistry, Counter, Gauge, Registry } from "prom-client";
import type { MetricsSnapshot } from "./metrics.ts";

/** Why a worker is no longer there. */
export type WorkerEnd = "left" | "died" | "hung" | "refused";

export interface WorkerMetrics {
  readonly contentType: string;
  workerEnded(how: WorkerEnd): void;
  /** Workers whose numbers are missing in an answer. */
  unanswered(count: number): void;
  /** What workers that are gone have counted stays counted. */
  retire(snapshot: MetricsSnapshot): Promise<void>;
  /** The sum of these, of those that are gone, and of the supervisor's own. */
  render(snapshots: readonly MetricsSnapshot[]): Promise<string>;
}

/** The metrics of several workers as those of one service. */
export function createWorkerMetrics(counts: {
  readonly configured: number;
  readonly ready: () => number;
}): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const ends = new Counter({
    name: "impedance_worker_ends_total",
    help: "Workers that left for a new one, died, hung and were ended, or did not start.",
    labelNames: ["how"],
    registers,
  });
  const missing = new Counter({
    name: "impedance_workers_unanswered_total",
    help: "Readings of the metrics that lack a worker, because it did not answer in time.",
    registers,
  });
  new Gauge({
    name: "impedance_workers",
    help: "Workers that there are to be.",
    registers,
  }).set(counts.configured);
  new Gauge({
    name: "impedance_workers_ready",
    help: "Workers that are ready.",
    registers,
    collect() {
      this.set(counts.ready());
    },
  });
  let retired: MetricsSnapshot = [];

  return {
    contentType: registry.contentType,
    workerEnded: (how) => ends.labels(how).inc(),
    unanswered: (count) => missing.inc(count),
    async retire(snapshot) {
      retired = await summed([retired, snapshot.filter(isKept)]).getMetricsAsJSON();
    },
    async render(snapshots) {
      const own = await registry.getMetricsAsJSON();
      // What is counted comes first where it is the first that says how it is summed up.
      return summed([...snapshots, retired, own]).metrics();
    },
  };
}

/** Of a worker that is gone, what it has counted is still true, and what it was is not. */
function isKept(metric: object): boolean {
  return "type" in metric && (metric.type === "counter" || metric.type === "histogram");
}

function summed(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot]));
}

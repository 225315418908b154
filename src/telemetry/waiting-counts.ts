import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
} from "prom-client";

/*
 * prom-client checks, hashes and looks up labels with each count, which on the way of a message costs
 * more than all that is counted. Here a count is an addition; prom-client is told when somebody reads.
 * Labels are the caller's to bound.
 */

/** Counts one; labels in the order of `labelNames`, "" where there are fewer than three. */
export type Count = (a: string, b: string, c: string) => void;

interface Waiting {
  readonly labels: readonly string[];
  count: number;
}

type Tree<Leaf> = Map<string, Leaf>;

export function createWaitingCounter(configuration: CounterConfiguration<string>): Count {
  const { length } = configuration.labelNames ?? [];
  const tree: Tree<Tree<Tree<Waiting>>> = new Map();
  const all: Waiting[] = [];
  const counter = new Counter({
    ...configuration,
    collect() {
      for (const waiting of all) {
        if (waiting.count > 0) counter.labels(...waiting.labels).inc(waiting.count);
        waiting.count = 0;
      }
    },
  });
  return (a, b, c) => {
    let waiting = tree.get(a)?.get(b)?.get(c);
    if (waiting === undefined) {
      waiting = { labels: [a, b, c].slice(0, length), count: 0 };
      all.push(waiting);
      below(below(tree, a), b).set(c, waiting);
    }
    waiting.count += 1;
  };
}

function below<Leaf>(tree: Tree<Tree<Leaf>>, label: string): Tree<Leaf> {
  const branch = tree.get(label) ?? new Map<string, Leaf>();
  tree.set(label, branch);
  return branch;
}

/** A gauge that goes up and down by one. */
export interface WaitingGauge {
  inc(): void;
  dec(): void;
}

export function createWaitingGauge(configuration: GaugeConfiguration<string>): WaitingGauge {
  let value = 0;
  new Gauge({
    ...configuration,
    collect() {
      this.set(value);
    },
  });
  return {
    inc() {
      value += 1;
    },
    dec() {
      value -= 1;
    },
  };
}

/** Notes a value of the one label that there is. */
export type Observe = (label: string, value: number) => void;

type Child = ReturnType<Histogram["labels"]>;

/** Values that wait; then they are told, all at once. */
const VALUES_MAX = 1024;

export function createWaitingHistogram(configuration: HistogramConfiguration<string>): Observe {
  const children = new Map<string, Child>();
  const told: Child[] = [];
  const values = new Float64Array(VALUES_MAX);
  const histogram = new Histogram({ ...configuration, collect: tell });

  function tell(): void {
    for (const [index, child] of told.entries()) child.observe(values[index] ?? 0);
    told.length = 0;
  }

  return (label, value) => {
    let child = children.get(label);
    if (child === undefined) {
      child = histogram.labels(label);
      children.set(label, child);
    }
    values[told.length] = value;
    told.push(child);
    if (told.length === VALUES_MAX) tell();
  };
}

import type { MetricObjectWithValues, MetricValue, Registry } from "prom-client";
import {
  encodeAttributes,
  encodeResource,
  nanoseconds,
  type OtlpResource,
} from "./otlp-attributes.ts";

/** Milliseconds since 1970. */
export interface MetricTimes {
  /** When counting began. */
  readonly startMs: number;
  readonly nowMs: number;
}

/** `AggregationTemporality`: from the start of the process on, as Prometheus counts. */
const CUMULATIVE = 2;

type Value = MetricValue<string>;

/**
 * `ExportMetricsServiceRequest` in JSON (OTLP 1.x, `metrics/v1`) of what a registry holds, under
 * the names that `/metrics` has.
 */
export async function encodeMetrics(
  registry: Registry,
  resource: OtlpResource,
  { startMs, nowMs }: MetricTimes,
): Promise<string> {
  const times = { startTimeUnixNano: nanoseconds(startMs), timeUnixNano: nanoseconds(nowMs) };
  const metrics: readonly MetricObjectWithValues<Value>[] = await registry.getMetricsAsJSON();
  const scope = { name: "impedance.metrics", version: resource.version };
  return JSON.stringify({
    resourceMetrics: [
      {
        resource: encodeResource(resource),
        scopeMetrics: [
          { scope, metrics: metrics.flatMap((metric) => encodeMetric(metric, times)) },
        ],
      },
    ],
  });
}

type Times = { readonly startTimeUnixNano: string; readonly timeUnixNano: string };

function encodeMetric(metric: MetricObjectWithValues<Value>, times: Times): readonly object[] {
  const { name, help, values } = metric;
  if (values.length === 0) return [];
  const named = { name, description: help, unit: unitOf(name) };
  // The types of `prom-client` name them by a constant, its JSON by a word.
  const type = String(metric.type);
  if (type === "histogram") {
    const dataPoints = histogramPoints(values, times);
    return [{ ...named, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } }];
  }
  // JSON has no NaN, with which Prometheus says that there is nothing to say.
  const told = values.filter(({ value }) => Number.isFinite(value));
  if (told.length === 0) return [];
  const dataPoints = told.map(({ labels, value }) => ({
    ...times,
    attributes: attributesOf(labels),
    asDouble: value,
  }));
  if (type === "counter") {
    const sum = { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints };
    return [{ ...named, sum }];
  }
  return [{ ...named, gauge: { dataPoints } }];
}

/** UCUM, as the metric's name has it. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return "s";
  return /_bytes(_total)?$/.test(name) ? "By" : "1";
}

interface Series {
  readonly labels: Value["labels"];
  /** Upper bounds, and how many are at or below each; the last bound is infinite. */
  readonly buckets: (readonly [bound: number, count: number])[];
  sum: number;
  count: number;
}

/** What a histogram's values tell, by their labels without `le`. */
function histogramPoints(values: readonly Value[], times: Times): readonly object[] {
  const all = new Map<string, Series>();
  for (const { value, labels: given, ...rest } of values) {
    const { le, ...labels } = given;
    const key = JSON.stringify(labels);
    const series = all.get(key) ?? { labels, buckets: [], sum: 0, count: 0 };
    all.set(key, series);
    if (le !== undefined) series.buckets.push([le === "+Inf" ? Infinity : Number(le), value]);
    else if (isSum(rest)) series.sum = value;
    else series.count = value;
  }
  return [...all.values()].map(({ labels, buckets, sum, count }) => ({
    ...times,
    attributes: attributesOf(labels),
    ...{ count: String(count), sum },
    explicitBounds: buckets.map(([bound]) => bound).filter(Number.isFinite),
    bucketCounts: buckets.map(([, upTo], index) => String(upTo - (buckets[index - 1]?.[1] ?? 0))),
  }));
}

function isSum(rest: object): boolean {
  return "metricName" in rest && String(rest.metricName).endsWith("_sum");
}

function attributesOf(labels: Value["labels"]): readonly object[] {
  const texts = Object.entries(labels).map(([name, text]) => [name, String(text)] as const);
  return encodeAttributes(Object.fromEntries(texts));
}

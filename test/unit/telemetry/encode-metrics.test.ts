import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { encodeMetrics } from "../../../src/telemetry/encode-metrics.ts";

const TIMES = { startMs: 1_700_000_000_000, nowMs: 1_700_000_060_000 };
const POINT = { startTimeUnixNano: "1700000000000000000", timeUnixNano: "1700000060000000000" };

async function encoded(registry: Registry): Promise<readonly object[]> {
  const text = await encodeMetrics(registry, { version: "1", attributes: {} }, TIMES);
  return JSON.parse(text).resourceMetrics[0].scopeMetrics[0].metrics;
}

function registers() {
  const registry = new Registry();
  return { registry, of: { help: "h", registers: [registry] } };
}

test("a counter is a sum that only grows", async () => {
  const { registry, of } = registers();
  new Counter({ ...of, name: "calls_total", labelNames: ["tool"] }).labels("read").inc(3);
  expect(await encoded(registry)).toEqual([
    {
      name: "calls_total",
      description: "h",
      unit: "1",
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          {
            ...POINT,
            attributes: [{ key: "tool", value: { stringValue: "read" } }],
            asDouble: 3,
          },
        ],
      },
    },
  ]);
});

test("a gauge is a gauge, in the unit that its name says", async () => {
  const { registry, of } = registers();
  new Gauge({ ...of, name: "held_bytes" }).set(7);
  expect(await encoded(registry)).toEqual([
    {
      name: "held_bytes",
      description: "h",
      unit: "By",
      gauge: { dataPoints: [{ ...POINT, attributes: [], asDouble: 7 }] },
    },
  ]);
});

test("a histogram has its own counts in each bucket, and those beyond the last bound", async () => {
  const { registry, of } = registers();
  const name = "lap_seconds";
  const histogram = new Histogram({ ...of, name, labelNames: ["phase"], buckets: [1, 5] });
  for (const seconds of [0.5, 0.75, 2, 9]) histogram.labels("read").observe(seconds);
  histogram.labels("guard").observe(3);
  const [metric] = await encoded(registry);
  expect(metric).toMatchObject({ name, unit: "s", histogram: { aggregationTemporality: 2 } });
  const shared = { ...POINT, explicitBounds: [1, 5] };
  const phase = (stringValue: string) => [{ key: "phase", value: { stringValue } }];
  expect(metric).toMatchObject({
    histogram: {
      dataPoints: [
        {
          ...shared,
          attributes: phase("read"),
          count: "4",
          sum: 12.25,
          bucketCounts: ["2", "1", "1"],
        },
        {
          ...shared,
          attributes: phase("guard"),
          count: "1",
          sum: 3,
          bucketCounts: ["0", "1", "0"],
        },
      ],
    },
  });
});

test("what nobody has counted yet is not sent", async () => {
  const { registry, of } = registers();
  new Counter({ ...of, name: "never_total", labelNames: ["tool"] });
  expect(await encoded(registry)).toEqual([]);
});

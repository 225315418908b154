import { Registry } from "prom-client";
import { expect, test } from "vitest";
import {
  createWaitingCounter,
  createWaitingGauge,
  createWaitingHistogram,
} from "../../../src/telemetry/waiting-counts.ts";

async function samples(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("what was counted is told when somebody reads, once", async () => {
  const registry = new Registry();
  const about = { name: "c", help: "c", labelNames: ["x", "y"], registers: [registry] };
  const count = createWaitingCounter(about);
  count("a", "b", "");
  count("a", "b", "");
  count("a", "__proto__", "");
  const first = ['c{x="a",y="b"} 2', 'c{x="a",y="__proto__"} 1'];
  expect(await samples(registry)).toEqual(first);
  expect(await samples(registry)).toEqual(first);
  count("a", "b", "");
  expect(await samples(registry)).toEqual(['c{x="a",y="b"} 3', 'c{x="a",y="__proto__"} 1']);
});

test("a gauge goes up and down", async () => {
  const registry = new Registry();
  const gauge = createWaitingGauge({ name: "g", help: "g", registers: [registry] });
  gauge.inc();
  gauge.inc();
  gauge.dec();
  expect(await samples(registry)).toEqual(["g 1"]);
});

test("values are told in their buckets, and more of them than wait at once", async () => {
  const registry = new Registry();
  const about = { name: "h", help: "h", labelNames: ["x"], buckets: [1, 2], registers: [registry] };
  const observe = createWaitingHistogram(about);
  for (let index = 0; index < 1_500; index++) observe("a", 1);
  for (let index = 0; index < 1_500; index++) observe("b", 2);
  const told = [
    'h_bucket{le="1",x="a"} 1500',
    'h_bucket{le="2",x="a"} 1500',
    'h_bucket{le="+Inf",x="a"} 1500',
    'h_sum{x="a"} 1500',
    'h_count{x="a"} 1500',
    'h_bucket{le="1",x="b"} 0',
    'h_bucket{le="2",x="b"} 1500',
    'h_bucket{le="+Inf",x="b"} 1500',
    'h_sum{x="b"} 3000',
    'h_count{x="b"} 1500',
  ];
  expect(await samples(registry)).toEqual(told);
  expect(await samples(registry)).toEqual(told);
});

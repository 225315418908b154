import { expect, test } from "vitest";
import { BENIGN } from "./benign.ts";
import { describing, descriptionsGuard, hitsOf, isStopped } from "./describing.ts";
import { POISONED } from "./poisoned.ts";

/** Of a hundred poisoned descriptions so many are stopped, of as many honest ones so few. */
const RECALL_LEAST = 0.95;
const FALSE_ALARMS_MAX = 0.01;

const guard = descriptionsGuard();
const isFound = ({ text }: { readonly text: string }) =>
  hitsOf(guard, describing(text)).some(isStopped);

test("the samples are many, and none stands among them twice", () => {
  expect(POISONED.length).toBeGreaterThanOrEqual(80);
  expect(BENIGN.length).toBeGreaterThanOrEqual(120);
  const texts = [...POISONED, ...BENIGN].map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
});

test("poisoned descriptions are stopped, in every class of them", () => {
  const missed = POISONED.filter((sample) => !isFound(sample));
  expect(1 - missed.length / POISONED.length).toBeGreaterThanOrEqual(RECALL_LEAST);
  for (const [name, samples] of Map.groupBy(POISONED, (sample) => sample.class)) {
    const found = samples.filter(isFound).length;
    expect(found / samples.length, name).toBeGreaterThanOrEqual(0.75);
  }
});

test("honest descriptions pass as they are", () => {
  const stopped = BENIGN.filter(isFound).map(({ text }) => text);
  expect(stopped.length, stopped.join("\n")).toBeLessThanOrEqual(BENIGN.length * FALSE_ALARMS_MAX);
});

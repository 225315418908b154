import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/core/finding.ts";
import { createSights, type Sight } from "../../../src/pipeline/sights.ts";

const SHOWN: Sight = { kind: "shown" };
const finding: Finding = {
  guard: "descriptions",
  kind: "hidden-unicode",
  at: "/result/tools/0/description",
  action: "found",
  severity: "high",
  length: 1,
  value: null,
};

describe("what a class of callers sees", () => {
  test("is remembered for five seconds", () => {
    const sights = createSights();
    sights.keep(sights.of("a", 0), "tool echo", SHOWN);
    expect(sights.of("a", 4_999).items.get("tool echo")).toEqual(SHOWN);
    expect(sights.of("a", 5_000).items.size).toBe(0);
  });

  test("is nothing to another class", () => {
    const sights = createSights();
    sights.keep(sights.of("a", 0), "tool echo", SHOWN);
    expect(sights.of("b", 0).items.size).toBe(0);
  });

  test("is forgotten for the sake of the 257th class", () => {
    const sights = createSights();
    sights.keep(sights.of("0", 0), "tool echo", SHOWN);
    for (let count = 1; count <= 255; count++) sights.of(String(count), 0);
    expect(sights.of("0", 0).items.size).toBe(1);
    sights.of("256", 0);
    expect(sights.of("0", 0).items.size).toBe(0);
  });

  test("is bounded for each class, and for all of them", () => {
    const sights = createSights();
    for (let count = 0; count < 40; count++) {
      const own = sights.of(String(count), 0);
      for (let item = 0; item < 5_000; item++) sights.keep(own, `tool ${item}`, SHOWN);
      expect(own.items.size).toBe(5_000 - 4_096);
      expect(own.items.has("tool 4999")).toBe(true);
      for (let item = 0; item < 3_000; item++) sights.keep(own, `prompt ${item}`, SHOWN);
    }
    const left = Array.from({ length: 40 }, (_, count) => sights.of(String(count), 0).items.size);
    expect(left.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(65_536);
  });

  test("leaves names alone that are longer than any", () => {
    const sights = createSights();
    const own = sights.of("a", 0);
    sights.keep(own, `tool ${"x".repeat(2_048)}`, SHOWN);
    expect(own.items.size).toBe(0);
  });
});

describe("what was found in an item", () => {
  test("holds until the item is listed clean", () => {
    const sights = createSights();
    sights.found("files", "tool", "echo", [finding]);
    expect(sights.findings("files", "tool", "echo")).toEqual([finding]);
    expect(sights.findings("files", "prompt", "echo")).toEqual([]);
    sights.found("files", "tool", "echo", []);
    expect(sights.findings("files", "tool", "echo")).toEqual([]);
  });

  test("is bounded", () => {
    const sights = createSights();
    for (let count = 0; count <= 4_096; count++) {
      sights.found("files", "tool", `t${count}`, [finding]);
    }
    expect(sights.findings("files", "tool", "t0")).toEqual([]);
    expect(sights.findings("files", "tool", "t1")).toEqual([finding]);
  });
});

test("a listing is fresh for a minute", () => {
  const sights = createSights();
  expect(sights.isFresh("files", "tool", 0)).toBe(false);
  sights.listed("files", "tool", 0);
  expect(sights.isFresh("files", "tool", 59_999)).toBe(true);
  expect(sights.isFresh("files", "prompt", 0)).toBe(false);
  expect(sights.isFresh("files", "tool", 60_000)).toBe(false);
});

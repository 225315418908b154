import { describe, expect, test } from "vitest";

import { cpuTimeOf, isHanging } from "../../../../src/server/workers/hanging.ts";

describe("a worker that says nothing", () => {
  test.each([
    { title: "for less than the deadline", wallMs: 1_999, cpuMs: 1_999, hangs: false },
    { title: "and has run all the time", wallMs: 2_100, cpuMs: 2_000, hangs: true },
    { title: "and could hardly run", wallMs: 9_000, cpuMs: 1_900, hangs: false },
    { title: "and runs on, on a busy machine", wallMs: 9_000, cpuMs: 2_000, hangs: true },
    { title: "and does nothing, for five deadlines", wallMs: 10_000, cpuMs: 0, hangs: true },
    { title: "where nobody knows what it does", wallMs: 2_000, cpuMs: null, hangs: true },
  ])("$title: hangs is $hangs", ({ wallMs, cpuMs, hangs }) => {
    expect(isHanging({ wallMs, cpuMs }, 2_000)).toBe(hangs);
  });
});

describe("the CPU time of a process", () => {
  test.runIf(process.platform === "linux")("is what the system counts", () => {
    const usage = process.cpuUsage();
    const own = (usage.user + usage.system) / 1_000;
    expect(Math.abs((cpuTimeOf(process.pid) ?? 0) - own)).toBeLessThan(500);
  });

  test("is unknown of one that is not there", () => {
    expect(cpuTimeOf(2 ** 22 + 1)).toBeNull();
  });
});

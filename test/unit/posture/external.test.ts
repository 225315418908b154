import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PostureReading } from "../../../src/core/posture.ts";
import { err, ok, type Result } from "../../../src/core/result.ts";
import { createExternal } from "../../../src/posture/external.ts";
import { type PostureReport, readReport } from "../../../src/posture/report.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

function report(issuedAtMs: number, edr: boolean | null, endsAtMs = issuedAtMs + 60_000) {
  const host = new Map([
    ["edr_running", edr],
    ["patched", true],
  ]);
  return ok<PostureReport>({ host, devices: new Map([["d", { ok: true }]]), issuedAtMs, endsAtMs });
}

function following(answers: Result<PostureReport, string>[], clock = { now: () => Date.now() }) {
  const noted = new Map<string, PostureReading>();
  const devices = { count: -1 };
  const extra = { names: [""] };
  const outcomes: (string | true)[] = [];
  const external = createExternal({
    source: async () => answers.shift() ?? err("no answer"),
    address: "https://mdm.example.com",
    checks: ["edr_running", "never_told"],
    book: {
      note: (_, found) => {
        for (const [name, reading] of found) noted.set(name, reading);
      },
      noteDevices: (given) => {
        devices.count = given.size;
      },
      noteExtra: (facts) => {
        extra.names = [...facts.keys()];
      },
    },
    clock,
    onFetch: (outcome) => outcomes.push(outcome.ok || outcome.error),
  });
  return { external, noted, devices, extra, outcomes };
}

describe("what a source said", () => {
  test("holds, by its own names, with what nobody asked for beside it", async () => {
    const { external, noted, devices, extra } = following([report(1_000_000, true)]);
    await external.look();
    expect(noted.get("edr_running")).toEqual({
      state: "true",
      readFrom: "https://mdm.example.com",
    });
    expect(noted.get("never_told")).toMatchObject({ state: "unknown" });
    expect(extra.names).toEqual(["edr_running", "patched"]);
    expect(devices.count).toBe(1);
    external.stop();
  });

  test.each([
    [true, "true"],
    [false, "false"],
    [null, "unknown"],
  ])("of a fact that is %s counts as %s", async (fact, state) => {
    const { external, noted } = following([report(1_000_000, fact)]);
    await external.look();
    expect(noted.get("edr_running")?.state).toBe(state);
    external.stop();
  });

  test("goes on to hold while it cannot be asked, and is unknown once it has ended", async () => {
    const { external, noted, devices, extra } = following([report(1_000_000, true)]);
    await external.look();
    vi.advanceTimersByTime(59_999);
    await external.look();
    expect(noted.get("edr_running")?.state).toBe("true");
    expect(external.ageMs()).toBe(59_999);
    vi.advanceTimersByTime(1);
    expect(noted.get("edr_running")).toEqual({
      state: "unknown",
      readFrom: "https://mdm.example.com: too old",
    });
    expect({ devices: devices.count, extra: extra.names }).toEqual({ devices: 0, extra: [] });
    expect(external.ageMs()).toBe(null);
    await external.look();
    expect(noted.get("edr_running")?.readFrom).toBe("https://mdm.example.com: no answer");
  });

  test("is unknown once it has ended by the clock, which timers may be ahead of", async () => {
    let behindMs = 0;
    const { external, noted } = following([report(1_000_000, true)], {
      now: () => Date.now() - behindMs,
    });
    await external.look();
    behindMs = 2;
    vi.advanceTimersByTime(60_001);
    expect(noted.get("edr_running")?.state).toBe("true");
    vi.advanceTimersByTime(1);
    expect(noted.get("edr_running")?.state).toBe("unknown");
  });

  test("is not taken back by an older word, which somebody may have kept", async () => {
    const { external, noted, outcomes } = following([
      report(1_000_000, false),
      report(999_000, true),
      report(1_000_000, true),
    ]);
    await external.look();
    await external.look();
    expect(noted.get("edr_running")?.state).toBe("false");
    await external.look();
    expect(noted.get("edr_running")?.state).toBe("true");
    expect(outcomes).toEqual([true, "is older than what it said before", true]);
    external.stop();
  });

  test("is nothing if it came too late", async () => {
    const { external, noted } = following([report(900_000, true, 999_999)]);
    await external.look();
    expect(noted.get("edr_running")?.state).toBe("unknown");
    external.stop();
  });
});

describe("readReport", () => {
  test("reads facts of the host and of devices, and leaves out what is unknown of those", () => {
    const read = readReport({
      host: { edr_running: true, disk: null },
      devices: { "laptop 1": { compliant: false, patched: null } },
    });
    expect(read.ok && [[...read.value.host], [...read.value.devices]]).toEqual([
      [
        ["edr_running", true],
        ["disk", null],
      ],
      [["laptop 1", { compliant: false }]],
    ]);
    expect(readReport({}).ok).toBe(true);
  });

  test.each([
    { title: "nothing", posture: undefined },
    { title: "a list", posture: [] },
    { title: "a fact that is a text", posture: { host: { edr: "true" } } },
    { title: "a name that is none", posture: { host: { Edr: true } } },
    { title: "a name of Object's prototype", posture: JSON.parse('{"host":{"__proto__":true}}') },
    { title: "devices in a list", posture: { devices: [] } },
    { title: "a device without a name", posture: { devices: { "": {} } } },
    { title: "a device that is a text", posture: { devices: { d: "ok" } } },
    {
      title: "more facts than there are",
      posture: { host: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`f${n}`, true])) },
    },
    {
      title: "more devices than there are",
      posture: {
        devices: Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`d${n}`, {}])),
      },
    },
  ])("refuses $title", ({ posture }) => {
    expect(readReport(posture).ok).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import type { Principal } from "../../../src/core/policy.ts";
import type {
  OnFailure,
  PostureChange,
  PosturePart,
  PostureReading,
} from "../../../src/core/posture.ts";
import { createPostureBook, type PostureBookOptions } from "../../../src/posture/book.ts";

const ALL: ReadonlySet<PosturePart> = new Set([
  ...(["host", "external", "device", "integrity", "failed"] as const),
]);

function bookWith(onFailure: OnFailure = "fact", different: Partial<PostureBookOptions> = {}) {
  const changes: (readonly PostureChange[])[] = [];
  const book = createPostureBook({
    onFailure: () => onFailure,
    deviceChecks: new Map(),
    deviceClaim: null,
    denies: onFailure === "deny",
    onChange: (given) => changes.push(given),
    ...different,
  });
  return { book, changes };
}

function found(states: { readonly [name: string]: PostureReading["state"] }) {
  return new Map(
    Object.entries(states).map(([name, state]) => [name, { state, readFrom: "/sys" }] as const),
  );
}

function caller(claims: Principal["claims"] = {}): Principal {
  return { id: "a", kind: "user", roles: [], scopes: [], claims, authenticated_by: "jwt" };
}

describe("what a policy is told", () => {
  test("is what is known, and nothing of what is not", () => {
    const { book } = bookWith();
    book.note("host", found({ secure_boot: "true", read_only_root: "false", lockdown: "unknown" }));
    book.note("integrity", found({ server: "true" }));
    expect(book.view(ALL)(caller())).toEqual({
      host: { secure_boot: true, read_only_root: false },
      integrity: { server: true },
      external: {},
      device: {},
    });
  });

  test("is no more than it reads, and the same object for as long as nothing changes", () => {
    const { book } = bookWith();
    const view = book.view(new Set(["failed"]));
    book.note("host", found({ secure_boot: "false" }));
    expect(view(caller())).toEqual({});
    const host = book.view(new Set(["host"]));
    expect(host(caller())).toBe(host(caller()));
    book.note("host", found({ secure_boot: "true" }));
    expect(host(caller())).toEqual({ host: { secure_boot: true } });
  });

  test("names what denies and does not hold, or cannot be told", () => {
    const { book } = bookWith("deny");
    book.note("host", found({ a: "true", b: "false", c: "unknown" }));
    const view = book.view(new Set(["failed"]));
    expect(view(caller())).toEqual({ failed: ["host.b", "host.c"] });
    book.note("host", found({ b: "true", c: "true" }));
    expect(view(caller())).toEqual({});
  });
});

describe("a caller's device", () => {
  const device = {
    deviceClaim: "device_id",
    deviceChecks: new Map<string, OnFailure>([["compliant", "deny"]]),
  };
  const devices = new Map([
    ["good", { compliant: true, patched: false }],
    ["bad", { compliant: false }],
  ]);

  test.each([
    { who: "a device that is compliant", claims: { device_id: "good" }, failed: [] },
    { who: "one that is not", claims: { device_id: "bad" }, failed: ["device.compliant"] },
    { who: "one that nobody knows", claims: { device_id: "x" }, failed: ["device.compliant"] },
    { who: "no device", claims: {}, failed: ["device.compliant"] },
    { who: "a claim of another type", claims: { device_id: 7 }, failed: ["device.compliant"] },
    { who: "a name of Object's", claims: { device_id: "toString" }, failed: ["device.compliant"] },
  ])("denies $who as it should", ({ claims, failed }) => {
    const { book } = bookWith("fact", device);
    book.noteDevices(devices);
    const facts = book.view(new Set(["failed"]))(caller(claims));
    expect(facts.failed ?? []).toEqual(failed);
  });

  test("is told with what is known of it, beside what fails of the host", () => {
    const { book } = bookWith("deny", device);
    book.noteDevices(devices);
    book.note("host", found({ a: "false" }));
    const view = book.view(new Set(["device", "failed"]));
    expect(view(caller({ device_id: "bad" }))).toEqual({
      device: { compliant: false },
      failed: ["host.a", "device.compliant"],
    });
    expect(view(caller({ device_id: "good" }))).toEqual({
      device: { compliant: true, patched: false },
      failed: ["host.a"],
    });
  });
});

describe("a change", () => {
  test("is told once, with what was before", () => {
    const { book, changes } = bookWith("shutdown");
    book.note("host", found({ a: "true", b: "true" }));
    book.note("host", found({ a: "true", b: "false" }));
    book.note("host", found({ a: "true", b: "false" }));
    expect(
      changes.map((one) => one.map(({ name, before, state }) => [name, before, state])),
    ).toEqual([
      [
        ["a", null, "true"],
        ["b", null, "true"],
      ],
      [["b", "true", "false"]],
    ]);
  });

  test("is another hash too, of a file that still counts as good", () => {
    const { book, changes } = bookWith();
    const file = (hash: string): ReadonlyMap<string, PostureReading> =>
      new Map([["f", { state: "true", readFrom: "/f", digests: { expected: null, found: hash } }]]);
    book.note("integrity", file("1"));
    book.note("integrity", file("1"));
    book.note("integrity", file("2"));
    expect(changes.map((one) => one.map(({ digests }) => digests?.found))).toEqual([["1"], ["2"]]);
  });

  test("of facts beside the checks, and of devices, is heard of too", () => {
    const { book, changes } = bookWith();
    const view = book.view(new Set(["external"]));
    expect(view(caller())).toEqual({ external: {} });
    book.noteExtra(new Map([["edr", true]]));
    book.noteExtra(new Map([["edr", true]]));
    book.noteDevices(new Map([["d", { ok: true }]]));
    book.noteDevices(new Map([["d", { ok: true }]]));
    expect(changes).toEqual([[], []]);
    expect(view(caller())).toEqual({ external: { edr: true } });
  });
});

import { beforeEach, describe, expect, test } from "vitest";

import type { Clock, FlowMemory } from "../../../src/core/ports.ts";
import { createFlowMemory } from "../../../src/state/flow-memory.ts";

const VALUE = "EMP000417";

let now: number;
let memory: FlowMemory;
const clock: Clock = { now: () => now, monotonic: () => now };

beforeEach(() => {
  now = 1_000;
  memory = createFlowMemory({ clock, maxAgeMs: 60_000, valuesMax: 4, principalsMax: 2 });
});

describe("a value that a server returned", () => {
  beforeEach(() => memory.returned("ana", "crm", [`employee ${VALUE}`]));

  test("is known when it goes to another server", () => {
    now += 5_000;
    expect(memory.sent("ana", "web", `q=${VALUE}`)).toEqual({ server: "crm", ageMs: 5_000 });
  });

  test("is known however its letters are written", () => {
    expect(memory.sent("ana", "web", VALUE.toLowerCase())).toMatchObject({ server: "crm" });
  });

  test.each([
    { title: "goes back to where it came from", sent: () => memory.sent("ana", "crm", VALUE) },
    { title: "is another caller's", sent: () => memory.sent("bo", "web", VALUE) },
    { title: "is not what is sent", sent: () => memory.sent("ana", "web", "EMP000418") },
    { title: "is part of what is sent", sent: () => memory.sent("ana", "web", `${VALUE}9`) },
  ])("is nothing to tell of when it $title", ({ sent }) => {
    expect(sent()).toBeNull();
  });

  test("is forgotten in time", () => {
    now += 60_001;
    expect(memory.sent("ana", "web", VALUE)).toBeNull();
  });

  test("is forgotten when too many came after it", () => {
    memory.returned("ana", "crm", ["EMP000001 EMP000002 EMP000003 EMP000004"]);
    expect(memory.sent("ana", "web", VALUE)).toBeNull();
    expect(memory.sent("ana", "web", "EMP000004")).not.toBeNull();
  });

  test("is forgotten when its caller was not heard of, and too many others were", () => {
    memory.returned("bo", "crm", ["x"]);
    memory.returned("cy", "crm", ["x"]);
    expect(memory.sent("ana", "web", VALUE)).toBeNull();
  });

  test("stays the first server's when another one returns it too", () => {
    memory.returned("ana", "web", [VALUE]);
    expect(memory.sent("ana", "web", VALUE)).toMatchObject({ server: "crm" });
  });
});

test("a value that the caller had first is the caller's, whoever repeats it", () => {
  expect(memory.sent("ana", "crm", VALUE)).toBeNull();
  memory.returned("ana", "crm", [VALUE]);
  expect(memory.sent("ana", "web", VALUE)).toBeNull();
});

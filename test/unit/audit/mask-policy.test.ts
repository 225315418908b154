import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEventBuilder } from "../../../src/audit/event.ts";
import { decodeMask, maskEvent, withoutMaskable } from "../../../src/audit/mask-policy.ts";
import { encodeDecision } from "../../../src/audit/records.ts";
import type { DecisionEvent } from "../../../src/core/audit.ts";
import { checkEvent } from "../../support/decision-event.ts";
import { CLOCK, exampleFacts, exampleInput, SUBJECT_KEY } from "./example.ts";

const builder = createEventBuilder({ clock: CLOCK, labels: {}, subjectKey: SUBJECT_KEY });
const reason = { code: "c", layer: "policy", rule: "r", message: "m", remedy: "x" } as const;

function example(): DecisionEvent {
  const message = { ...exampleInput().message, arguments: { path: "/x", twice: [1, 2] } };
  const facts = exampleFacts({ ...exampleInput(), message, flow: flows("one", "two", "three") });
  const decision = { allow: false, reasons: [reason, { ...reason, code: "d" }] };
  return builder.build({ ...facts, decision });
}

function flows(...from: readonly string[]) {
  return from.map((one) => ({ at: "/params", from: one, age_s: 1 }));
}

/** The event after the mask, held to the published schema, and read back as a reader would. */
function masked(...mask: readonly unknown[]): DecisionEvent {
  const rules = decodeMask(mask);
  if (!rules.ok) throw new Error(rules.error);
  const event = maskEvent(example(), rules.value);
  checkEvent(event);
  return JSON.parse(encodeDecision(event));
}

function at(event: DecisionEvent, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as { [key: string]: unknown } | undefined)?.[key],
    event,
  );
}

test("a mask that has nothing to say leaves the event as it is", () => {
  const event = example();
  expect(maskEvent(event, [])).toBe(event);
  expect(decodeMask(undefined)).toEqual({ ok: true, value: [] });
});

describe("what is removed", () => {
  test("is gone, told in `erased`, and everything else stays", () => {
    const event = masked("/input/source/ip", { op: "remove", path: "/input/client" });
    const { source, client, ...input } = event.input as { readonly [key: string]: unknown };
    const before = JSON.parse(JSON.stringify(example().input));
    expect(source).toEqual({ spiffe: null, user_agent: "node" });
    expect(client).toBeUndefined();
    expect({ ...input, source: before.source, client: before.client }).toEqual(before);
    expect(event.erased).toEqual(["/input/source/ip", "/input/client"]);
    expect(event.masked).toEqual(example().masked);
    expect(event.policy_masked).toBe("applied");
  });

  test("is the whole input, where the whole is named", () => {
    expect(masked("/input")).toMatchObject({ input: null, erased: ["/input"] });
  });

  test("of the result may be anything but what was decided", () => {
    expect(masked("/result").result).toEqual({ allow: false });
    const { result } = masked("/result/reasons/1", "/result/reasons/0/message");
    const { message: _, ...rest } = reason;
    expect(result).toEqual({ allow: false, reasons: [rest] });
  });

  test("of a list does not move what another pointer means", () => {
    const event = masked("/input/flow/0", "/input/flow/1");
    expect(at(event, "input", "flow")).toEqual([{ at: "/params", from: "three", age_s: 1 }]);
  });

  test("is found by the escapes of a JSON Pointer", () => {
    const upsert = { op: "upsert", path: "/input/a~1b~0c/d", value: 1 };
    expect(at(masked(upsert), "input", "a/b~c")).toEqual({ d: 1 });
    expect(at(masked(upsert, "/input/a~1b~0c/d"), "input", "a/b~c")).toEqual({});
  });

  test.each([
    "/input/nothing/there",
    "/input/flow/3",
    "/input/flow/-1",
    "/input/flow/x",
    "/input/client/name/deeper",
    "/nd_builtin_cache/x",
    "/input/__proto__/x",
    "/input/",
  ])("does nothing, and is not told, where %s leads nowhere", (path) => {
    expect(masked(path)).toEqual(JSON.parse(encodeDecision(example())));
  });
});

describe("what is put in its place", () => {
  test("stands there, and is told in `masked`", () => {
    const upsert = { op: "upsert", path: "/input/message/tool", value: { $hidden: true } };
    const event = masked(upsert, { op: "upsert", path: "/result/reasons/0/message", value: "-" });
    expect(at(event, "input", "message", "tool")).toEqual({ $hidden: true });
    expect(at(event, "result", "reasons", "0", "message")).toBe("-");
    expect(event.masked.slice(-2)).toEqual(["/input/message/tool", "/result/reasons/0/message"]);
    expect(event.erased).toEqual([]);
  });

  test("makes the objects on its way, as own members whatever their names", () => {
    const path = "/input/a/__proto__/b";
    const event = masked({ op: "upsert", path, value: 1 }, { op: "upsert", path: "/input/c" });
    expect(JSON.stringify(at(event, "input", "a"))).toBe('{"__proto__":{"b":1}}');
    expect(at(event, "input", "c")).toBeNull();
    expect(({} as { b?: unknown }).b).toBeUndefined();
  });

  test("does not grow a list, nor a text", () => {
    const events = [
      masked({ op: "upsert", path: "/input/flow/3", value: 1 }),
      masked({ op: "upsert", path: "/input/client/name/x", value: 1 }),
    ];
    for (const event of events) expect(event).toEqual(JSON.parse(encodeDecision(example())));
  });
});

describe("arguments sealed for an analyst", () => {
  const sealed = { alg: "a", epk: "b", iv: "c", data: "d" };
  const rulesOf = (path: string) => {
    const rules = decodeMask([path]);
    return rules.ok ? rules.value : [];
  };

  test.each(["/input", "/input/message", "/input/message/arguments/path"])(
    "go when the mask takes %s",
    (path) => {
      const event = maskEvent({ ...example(), sealed_arguments: sealed }, rulesOf(path));
      expect(event.sealed_arguments).toBeUndefined();
      expect(event.erased).toEqual([path, "/sealed_arguments"]);
    },
  );

  test("stay when it takes something else", () => {
    const event = maskEvent({ ...example(), sealed_arguments: sealed }, rulesOf("/input/client"));
    expect(event.sealed_arguments).toEqual(sealed);
  });
});

describe("a mask is none", () => {
  test.each([
    { title: "an object", mask: {} },
    { title: "null", mask: null },
    { title: "a number in it", mask: [7] },
    { title: "no slash", mask: ["input/x"] },
    { title: "nothing", mask: [""] },
    { title: "another part of the event", mask: ["/metrics/x"] },
    { title: "the chain", mask: ["/prev_hash"] },
    { title: "an unknown operation", mask: [{ op: "replace", path: "/input/x" }] },
    { title: "no operation", mask: [{ path: "/input/x" }] },
    { title: "no path", mask: [{ op: "remove" }] },
    { title: "the decision, removed", mask: ["/result/allow"] },
    { title: "the decision, rewritten", mask: [{ op: "upsert", path: "/result/allow", value: 1 }] },
    { title: "the result, rewritten", mask: [{ op: "upsert", path: "/result", value: {} }] },
  ])("with $title", ({ mask }) => {
    expect(decodeMask(mask)).toMatchObject({ ok: false });
  });

  test("and what could not be asked about is kept without the message", () => {
    const event = withoutMaskable(example());
    checkEvent(event);
    expect(event).toMatchObject({ input: null, erased: ["/input"], policy_masked: "failed" });
  });
});

test("whatever a mask holds, it is refused or gives an event by the schema", () => {
  const step = fc.oneof(
    fc.constantFrom("input", "result", "reasons", "flow", "message", "0", "__proto__", "arguments"),
    fc.string({ maxLength: 4 }),
  );
  const path = fc.array(step, { maxLength: 5 }).map((steps) => `/${steps.join("/")}`);
  const op = fc.constantFrom("remove", "upsert");
  const rule = fc.oneof(path, fc.record({ op, path, value: fc.jsonValue() }), fc.jsonValue());
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), (mask) => {
      const rules = decodeMask(mask);
      if (!rules.ok) return;
      const event = maskEvent(example(), rules.value);
      checkEvent(event);
      expect(event.result.allow).toBe(false);
    }),
    { numRuns: 300 },
  );
});

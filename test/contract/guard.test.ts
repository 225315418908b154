import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { defaultConfig } from "../../src/config/load-config.ts";
import type { Hit, Place } from "../../src/core/finding.ts";
import type { Leaf, LeafNature } from "../../src/core/json.ts";
import type { Guard } from "../../src/core/ports.ts";
import { createGuards } from "../../src/guard/guards.ts";
import { SECRET } from "../support/messages.ts";

/** What holds of every guard, whatever it looks for (src/core/ports.ts, `Guard`). */
const guards = allGuards();
const NATURES: readonly LeafNature[] = ["text", "key", "number", "opaque", "media"];
const PLACE: Place = {
  direction: "request",
  server: "files",
  kind: "request",
  method: "tools/call",
  tool: "echo",
  sessionId: null,
};

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.base64String({ maxLength: 200 }),
  fc.array(
    fc.constantFrom("password", "=", ": ", SECRET, "\ud800", "\\", '"', "\n", "x".repeat(99)),
  ),
);
const leaf = fc.record({ text, name: fc.constantFrom(null, "password", "text", "__proto__") });

describe.each(guards)("the guard $name", (guard) => {
  test("has a name that a finding may carry, and looks at something", () => {
    expect(guard.name).toMatch(/^[a-z][a-z_-]*$/);
    expect(guard.request ?? guard.response).toBeTypeOf("function");
  });

  test.each(NATURES)("says something well-formed of any leaf that is %s", (nature) => {
    fc.assert(
      fc.property(leaf, ({ text: parts, name }) => {
        const one = leafOf(Array.isArray(parts) ? parts.join("") : parts, name, nature);
        for (const hits of hitsOf(guard, one)) expectWellFormed(hits, one);
      }),
      { numRuns: 150 },
    );
  });

  test("keeps nothing of what it saw: the same leaf is judged the same again", () => {
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 5 }), (leaves) => {
        const all = leaves.map(({ text: parts, name }) =>
          leafOf(Array.isArray(parts) ? parts.join("") : parts, name, "text"),
        );
        const once = all.map((one) => hitsOf(guard, one));
        const again = all.toReversed().map((one) => hitsOf(guard, one));
        expect(again.toReversed()).toEqual(once);
      }),
      { numRuns: 50 },
    );
  });

  test("finds nothing in what it has made: a retry gives the same bytes", () => {
    fc.assert(
      fc.property(leaf, ({ text: parts, name }) => {
        const before = Array.isArray(parts) ? parts.join("") : parts;
        for (const hits of hitsOf(guard, leafOf(before, name, "text"))) {
          const after = edited(before, hits);
          const [again = []] = hitsOf(guard, leafOf(after, name, "text"));
          expect(edited(after, again)).toBe(after);
        }
      }),
      { numRuns: 150 },
    );
  });
});

function allGuards(): Guard[] {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the default configuration is wrong");
  const { limits, pii, descriptions, marks, attacks } = config.value;
  const created = createGuards("all", {
    limits,
    pii: { ...pii, enabled: true },
    redact: { denyKeys: ["pin"], emails: true },
    descriptions,
    marks,
    attacks,
    detect: { onDetect: "deny", fields: ["*"] },
    exemptions: [],
    plugins: [],
  });
  if (!created.ok) throw new Error(created.error);
  return created.value;
}

function leafOf(value: string, name: string | null, nature: LeafNature): Leaf {
  const node = { kind: "string", start: 0, end: value.length, value } as const;
  return { node, nature, text: value, name, location: null };
}

/** Of both directions, where the guard looks at them. */
function hitsOf(guard: Guard, one: Leaf): (readonly Hit[])[] {
  const response: Place = { ...PLACE, direction: "response", kind: "result" };
  return [guard.request?.(one, PLACE), guard.response?.(one, response)].filter(
    (hits) => hits !== undefined,
  );
}

function expectWellFormed(hits: readonly Hit[], { text: value }: Leaf): void {
  let end = 0;
  for (const hit of hits) {
    expect(hit.kind).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    expect(["low", "medium", "high", "critical"]).toContain(hit.severity);
    expect(hit.start).toBeGreaterThanOrEqual(end);
    expect(hit.end).toBeGreaterThan(hit.start);
    expect(hit.end).toBeLessThanOrEqual(value.length);
    end = hit.end;
  }
}

function edited(value: string, hits: readonly Hit[]): string {
  let after = "";
  let at = 0;
  for (const { start, end, replacement } of hits) {
    if (replacement === null) continue;
    after += value.slice(at, start) + replacement;
    at = end;
  }
  return after + value.slice(at);
}

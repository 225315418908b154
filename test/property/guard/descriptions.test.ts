import fc from "fast-check";
import { expect, test } from "vitest";
import {
  cleaned,
  describing,
  descriptionsGuard,
  hitsOf,
} from "../../unit/guard/descriptions/describing.ts";
import { POISONED } from "../../unit/guard/descriptions/poisoned.ts";

const guard = descriptionsGuard();

/** What descriptions, and attacks on them, are made of. */
const piece = fc.oneof(
  fc.constantFrom(...POISONED.map(({ text }) => text)),
  fc.constantFrom(
    ...[
      "<!--",
      "-->",
      "<important>",
      "</important>",
      "<b",
      ">",
      "`",
      "![a](",
      "https://e.example/?a=",
      ")",
    ],
    ...[
      "\u200b",
      "\u200d",
      "\u{1f469}",
      "\u{e0041}",
      "\u05d0",
      "\u200f",
      "\ud83d",
      "\udc69",
      "\ufe0f",
    ],
    ...[
      "\u001b[",
      "\u001b]",
      "\u0007",
      "\r",
      "\n",
      " ",
      ". ",
      "ignore",
      "previous",
      "instructions",
    ],
    ...["not ", "tell ", "the user", "read ~/.ssh/id_rsa", "[REMOVED:instruction]", "[//]: # ("],
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const ROLES = [["description"], ["name"], ["inputSchema", "enum", 0]] as const;

test("any text has hits inside it, in order, apart from each other", () => {
  fc.assert(
    fc.property(text, fc.constantFrom(...ROLES), (value, role) => {
      let end = 0;
      for (const hit of hitsOf(guard, describing(value, ...role))) {
        expect(hit.start).toBeGreaterThanOrEqual(end);
        expect(hit.end).toBeGreaterThan(hit.start);
        end = hit.end;
        if (role[0] !== "description") expect(hit.replacement).toBeNull();
      }
      expect(end).toBeLessThanOrEqual(value.length);
    }),
    { numRuns: 400 },
  );
});

test("a cleaned text has nothing left to clean", () => {
  fc.assert(
    fc.property(text, (value) => {
      const once = cleaned(guard, describing(value));
      expect(cleaned(guard, describing(once))).toBe(once);
    }),
    { numRuns: 600 },
  );
});

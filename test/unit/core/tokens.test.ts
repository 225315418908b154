import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { distinctiveTokens } from "../../../src/core/tokens.ts";

describe("distinctiveTokens", () => {
  test.each([
    { title: "an order's number", text: "see ORD-2291-77A, please", tokens: ["ord-2291-77a"] },
    { title: "a long number", text: "4417123456789113", tokens: ["4417123456789113"] },
    {
      title: "a UUID",
      text: "id=550e8400-e29b-41d4-a716-446655440000.",
      tokens: ["550e8400-e29b-41d4-a716-446655440000"],
    },
    { title: "a mail address", text: "<Ana.Ruiz@example.org>", tokens: ["ana.ruiz@example.org"] },
    { title: "an alias", text: "FILE_7h3k9qxw2m4dprt5", tokens: ["file_7h3k9qxw2m4dprt5"] },
    { title: "the same token once", text: "EMP000417 and emp000417", tokens: ["emp000417"] },
  ])("takes $title", ({ text, tokens }) => {
    expect(distinctiveTokens(text, 10)).toEqual(tokens);
  });

  test.each([
    { title: "prose", text: "The quick brown fox considers unquestionably extraordinary matters." },
    { title: "a date", text: "2026-11-21 and 21.11.2026" },
    { title: "a time", text: "2026-11-21T10:00:00.000Z" },
    { title: "a version", text: "v1.22.0 and 2026.8.31 and 1.0.0-beta.12" },
    { title: "a small number", text: "12345 rows, 1234567 bytes" },
    { title: "an address", text: "127.0.0.1" },
    { title: "nothing", text: "" },
  ])("passes over $title", ({ text }) => {
    expect(distinctiveTokens(text, 10)).toEqual([]);
  });

  test("takes no more than it is asked for, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), fc.nat(20), (text, max) => {
        expect(distinctiveTokens(text, max + 1).length).toBeLessThanOrEqual(max + 1);
      }),
    );
  });

  test("looks at each character a bounded number of times", () => {
    for (const unit of ["@", "a@", `a${"@".repeat(126)}`, ".", "a.", "1-", "é"]) {
      expect(distinctiveTokens(unit.repeat(262_144 / unit.length), 1_024).length).toBeLessThan(
        1_025,
      );
    }
  });
});

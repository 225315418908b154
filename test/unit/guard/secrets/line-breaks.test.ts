import { describe, expect, test } from "vitest";

import type { Leaf } from "../../../../src/core/json.ts";
import { createSecretsGuard } from "../../../../src/guard/secrets/secrets.ts";

const TOKEN = ["ghp_", "a8Kq2ZvT9xLm4RcW7bYn", "3HdJ6sPf5GtE1uQo"].join("");
const LONG = ["sk-ant-", "api03-", "q7Zw2Rk9".repeat(11), "mN4vB8xL", "-q7Zw2RkAA"].join("");

/** What is left of a result's text. */
function cleaned(text: string): string {
  const node = { kind: "string", value: text, start: 0, end: 0 } as const;
  const leaf: Leaf = { node, nature: "text", text, name: "text", location: null };
  const place = {
    direction: "response",
    server: "s",
    kind: "result",
    method: "tools/call",
    tool: "t",
  };
  const hits = createSecretsGuard().response?.(leaf, place as never) ?? [];
  return hits.reduceRight(
    (left, { start, end }) => `${left.slice(0, start)}#${left.slice(end)}`,
    text,
  );
}

describe("a whole token at the end of its line", () => {
  test.each([
    { title: "a setting", next: "PUBLIC_URL=https://staging.harbour.example" },
    { title: "a word", next: "OTHER" },
    { title: "a name in YAML", next: "region: eu1" },
    { title: "the same token", next: TOKEN, left: "#" },
    { title: "a paragraph", next: "\nNext" },
  ])("leaves $title on the next line as it is", ({ next, left = next }) => {
    for (const feed of ["\n", "\r\n"]) {
      expect(cleaned(`A=1${feed}TOKEN=${TOKEN}${feed}${next}`)).toBe(
        `A=1${feed}TOKEN=#${feed}${left}`,
      );
    }
  });
});

describe("a token that is broken over lines", () => {
  test.each([12, 20, 30])("is found, broken behind %i characters", (at) => {
    expect(cleaned(`see ${TOKEN.slice(0, at)}\n${TOKEN.slice(at)} there`)).toBe("see # there");
  });

  test.each([64, 76, 80])("leaves nothing of itself in lines of %i characters", (width) => {
    const lines = LONG.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
    expect(cleaned(`${lines.join("\n")}\nBest regards`)).toBe("#\nBest regards");
  });

  test("leaves the setting behind a long one as it is", () => {
    expect(cleaned(`KEY=${LONG}\nREGION_2=eu`)).toBe("KEY=#\nREGION_2=eu");
  });
});

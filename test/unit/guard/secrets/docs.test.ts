import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RULES } from "../../../../src/guard/secrets/rules.ts";

const PAGE = readFileSync(new URL("../../../../docs/guards/secrets.md", import.meta.url), "utf8");
const LISTED = new Set(
  PAGE.slice(PAGE.indexOf("## Kinds"))
    .match(/`[a-z0-9-]+`/g)
    ?.map((kind) => kind.slice(1, -1)),
);
const WITHOUT_FORM = [
  ...["password", "named-secret", "named-key", "high-entropy-token", "kubernetes-secret"],
  ...["discord-bot-token", "atlassian-personal-token"],
];

test("the page lists the kinds that there are, and no other", () => {
  const kinds = new Set([...RULES.map(({ kind }) => kind), ...WITHOUT_FORM]);
  expect([...kinds].filter((kind) => !LISTED.has(kind))).toEqual([]);
  expect([...LISTED].filter((kind) => !kinds.has(kind))).toEqual([]);
  expect(kinds.size).toBeGreaterThanOrEqual(200);
});

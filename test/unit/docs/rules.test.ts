/**
 * Holds docs/rules.md to the annotations of the Rego that ships. To write it anew:
 *
 *   UPDATE_DOCS=1 npx vitest run test/unit/docs
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";

import {
  metadataOf,
  modulesOf,
  type RuleMetadata,
} from "../../../src/server/workbench/rule-metadata.ts";

const FILE = "docs/rules.md";

/** A section for each package: what it is about, and the reasons it has to deny. */
function sectionOf({ package: name, title, description, reasons }: RuleMetadata): string {
  const rows = reasons
    .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ code, severity, rank, message, remedy }) => {
      return `| \`${code}\` | ${severity ?? ""} | ${rank ?? ""} | ${message} | ${remedy ?? ""} |`;
    });
  const table =
    rows.length === 0
      ? []
      : ["", "| code | severity | rank | reason | remedy |", "|---|---|--:|---|---|", ...rows];
  return [`## ${title}`, "", `\`${name}\`: ${description}`, ...table].join("\n");
}

test("docs/rules.md holds what the annotations of the rules say", async () => {
  const metadata = metadataOf(await modulesOf(null));
  const rules = metadata.filter(({ package: name }) => /^mcp\.(?:rules\.|firewall$)/.test(name));
  expect(rules.length).toBeGreaterThan(15);
  expect(rules.filter(({ title, description }) => title === null || description === null)).toEqual(
    [],
  );
  const text = readFileSync(FILE, "utf8");
  const part = /(<!-- generated: rules -->\n)[\s\S]*?(<!-- end -->)/;
  expect(text).toMatch(part);
  const sections = `${rules.map(sectionOf).join("\n\n")}\n`;
  const expected = text.replace(part, (_, head, tail) => `${head}\n${sections}\n${tail}`);
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(FILE, expected);
  else expect(text).toBe(expected);
});

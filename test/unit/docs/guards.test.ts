/**
 * Holds docs/guards.md to the code. To write the generated parts anew:
 *
 *   UPDATE_DOCS=1 npx vitest run test/unit/docs
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultConfig } from "../../../src/config/load-config.ts";
import { PII_KINDS, type PiiKind } from "../../../src/core/pii.ts";
import { GUARD_NAMES } from "../../../src/guard/guards.ts";
import { NUMBER_FORMATS } from "../../../src/guard/pii/numbers.ts";
import { PII_MARKS } from "../../../src/guard/pii/pii.ts";
import { RULES } from "../../../src/guard/secrets/rules.ts";

const FILE = "docs/guards.md";

/** Kinds that are more than formats of numbers. */
const IN_WORDS: { readonly [kind in PiiKind]?: string } = {
  email: "Addresses with a known top-level domain, also `%40` in URLs and in any script",
  phone: "Numbers with `+` or `00` of 166 numbering plans; national forms where words name them",
  iban: "Country, length and check digits (ISO 13616), in groups or run together",
  ip_address: "IPv4 and IPv6, but loopback, link-local, multicast and unspecified ones",
};

function kindsTable(): string {
  const rows = PII_KINDS.map((kind) => {
    const formats = NUMBER_FORMATS.filter((format) => format.kind === kind);
    const words = IN_WORDS[kind];
    const parts = [...(words === undefined ? [] : [words]), ...formats.map(({ title }) => title)];
    return `| \`${kind}\` | \`${PII_MARKS[kind].mark}\` | ${parts.join("; ")} |`;
  });
  return ["| kind | mark | what |", "|---|---|---|", ...rows].join("\n");
}

function writingTools(): string {
  const config = defaultConfig({});
  const globs = config.ok ? config.value.marks.writingTools : [];
  return `Default: ${globs.map((glob) => `\`${glob}\``).join(", ")}.`;
}

function secretKinds(): string {
  const kinds = [...new Set(RULES.map(({ kind }) => kind))].sort();
  return `${kinds.length} known kinds: ${kinds.map((kind) => `\`${kind}\``).join(", ")}.`;
}

const PARTS = {
  guards: () => `Guards: ${GUARD_NAMES.map((name) => `[${name}](#${name})`).join(", ")}.`,
  secrets: secretKinds,
  kinds: kindsTable,
  "writing-tools": writingTools,
};

test("docs/guards.md holds what the code says", () => {
  const text = readFileSync(FILE, "utf8");
  let expected = text;
  for (const [name, generate] of Object.entries(PARTS)) {
    const part = new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(<!-- end -->)`);
    expect(text).toMatch(part);
    expected = expected.replace(part, (_, head, tail) => `${head}${generate()}\n${tail}`);
  }
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(FILE, expected);
  else expect(text).toBe(expected);
});

test("every guard has a section of its name", () => {
  const sections = readFileSync(FILE, "utf8").match(/^## \S+$/gm);
  for (const name of GUARD_NAMES) expect(sections).toContain(`## ${name}`);
});

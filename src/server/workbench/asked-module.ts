import type { AskedRule } from "./plan.ts";

/** What the firewall asks of a rule package, and how `mcp.lib.asked` puts it together. */
const WORDS: ReadonlyMap<string, (name: string, said: string) => string> = new Map([
  ["allow", (name, said) => `contains ${name} if ${said}`],
  ["reasons", (name, said) => `contains [${name}, stated] if some stated in ${said}`],
  ["redact", (name, said) => `contains [${name}, pointer] if some pointer in ${said}`],
  ["remove", (name, said) => `contains [${name}, pointer] if some pointer in ${said}`],
  ["alias", (name, said) => `contains [${name}, pointer] if some pointer in ${said}`],
  ["pad", (name, said) => `contains [${name}, scheme] if some scheme in ${said}`],
  ["headers", (name, said) => `contains [${name}, header, value] if some header, value in ${said}`],
  ["audit", (name, said) => `contains [${name}, wanted] if some wanted in ${said}`],
  ["end_session", (name, said) => `contains ${name} if ${said}`],
]);

/** A word that no package says. */
const UNSAID: ReadonlyMap<string, string> = new Map([
  ["allow", `""`],
  ["end_session", `""`],
  ["headers", `["", "", ""]`],
]);

/**
 * `mcp.lib.asked` of a bundle with these rules: OPA compiles a name that is written out into one
 * step, and a variable into one for each package. Reasons that are all about items of one list, such
 * as the findings, are asked for together, where it has any.
 */
export function askedModule(rules: readonly AskedRule[]): string {
  const lines = [
    "# METADATA",
    "# title: Asked",
    "# description: The packages of this bundle, and what each of them says. Written by its build.",
    "# scope: package",
    "package mcp.lib.asked",
  ];
  for (const [word, said] of WORDS) {
    const saying = rules.filter((rule) => rule.word === word);
    lines.push("");
    for (const rule of saying) {
      const name = JSON.stringify(rule.package);
      const list = listOf(rule);
      const place = list === null ? word : `_${list}`;
      lines.push(`${place} ${said(name, `data.mcp.rules[${name}].${word}`)}`);
    }
    if (saying.length === 0)
      lines.push(`${word} contains ${UNSAID.get(word) ?? `["", ""]`} if false`);
  }
  const lists = new Set(rules.map(listOf).filter((list) => list !== null));
  for (const list of lists) {
    lines.push("", "reasons contains said if {", `\tcount(input.${list}) > 0`);
    lines.push(`\tsome said in _${list}`, "}");
  }
  return `${lines.join("\n")}\n`;
}

/** The list that a rule's reasons are about, where it can be a name in Rego. */
function listOf({ word, about }: AskedRule): string | null {
  return word === "reasons" && about !== null && LISTS.has(about) ? about : null;
}

/** Those that are empty more often than not. */
const LISTS: ReadonlySet<string> = new Set(["findings", "paths", "rules", "flow"]);

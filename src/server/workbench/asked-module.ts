/** What the firewall asks of a rule package, with what it says in the words of the firewall. */
const WORDS: ReadonlyMap<string, (name: string, said: string) => string> = new Map([
  ["allow", (name, said) => `allow contains ${name} if ${said}`],
  ["reasons", (name, said) => `reasons contains [${name}, stated] if some stated in ${said}`],
  ["redact", (name, said) => `redact contains [${name}, pointer] if some pointer in ${said}`],
  ["remove", (name, said) => `remove contains [${name}, pointer] if some pointer in ${said}`],
  [
    "headers",
    (name, said) => `headers contains [${name}, header, value] if some header, value in ${said}`,
  ],
  ["audit", (name, said) => `audit contains [${name}, wanted] if some wanted in ${said}`],
]);

/** A word that no package says. */
const UNSAID: ReadonlyMap<string, string> = new Map([
  ["allow", `""`],
  ["headers", `["", "", ""]`],
]);

/**
 * `mcp.lib.asked` of a bundle that has these packages below `mcp.rules`, each with the names of its
 * rules: OPA compiles a name that is written out into one step, and a variable into one for each
 * package.
 */
export function askedModule(packages: ReadonlyMap<string, ReadonlySet<string>>): string {
  const lines = [
    "# METADATA",
    "# title: Asked",
    "# description: The packages of this bundle, and what each of them says. Written by its build.",
    "# scope: package",
    "package mcp.lib.asked",
  ];
  const names = [...packages.keys()].sort();
  for (const [word, line] of WORDS) {
    const saying = names.filter((name) => packages.get(name)?.has(word) === true);
    lines.push("");
    for (const name of saying) {
      const quoted = JSON.stringify(name);
      lines.push(line(quoted, `data.mcp.rules[${quoted}].${word}`));
    }
    if (saying.length > 0) continue;
    lines.push(`${word} contains ${UNSAID.get(word) ?? `["", ""]`} if false`);
  }
  return `${lines.join("\n")}\n`;
}

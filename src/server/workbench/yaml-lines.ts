import { printable } from "../../config/config-error.ts";

/** A text in quotes that YAML and JSON read alike, whatever it holds. */
export function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

/** A text of somebody else's as part of a comment: bounded, on one line, without tricks. */
export function commented(text: string): string {
  return printable(text.replace(/\s+/g, " ").trim());
}

/** One rule on one line: `- { tool: "read_file", server: "files" }`. */
export function ruleLine(members: { readonly [key: string]: string | null }): string {
  const shown = Object.entries(members).flatMap(([key, value]) =>
    value === null ? [] : [`${key}: ${quoted(value)}`],
  );
  return `- { ${shown.join(", ")} }`;
}

/** Whether a name means itself in a glob, and may stand in a policy. */
export function isPlainName(name: string): boolean {
  return name !== "" && name.length <= 1024 && !/[*?]/.test(name);
}

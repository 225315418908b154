import type { Glob } from "../../core/glob.ts";

/** An expression of a URI template (RFC 6570 section 2.2). */
const EXPRESSION = /\{[^{}]*\}/g;
const WILDCARDS = /[*?]+/;

/**
 * Whether a glob may fit some expansion of a URI template, by what both begin and end with. It
 * says yes too often and never no where yes is right: a URI is judged anew when it is asked for.
 */
export function mayFit(glob: Glob, template: string): boolean {
  const ends = endsOf(template.split(EXPRESSION));
  const wanted = endsOf(glob.source.split(WILDCARDS));
  const agree = (a: string, b: string) => a.startsWith(b) || b.startsWith(a);
  return agree(ends.first, wanted.first) && agree(reversed(ends.last), reversed(wanted.last));
}

/** Stands in no glob and no template, so that only a `*` fits it. */
const ANYTHING = "\uffff".repeat(8);

/** Whether a glob fits every expansion of a URI template: its stars take in each expression. */
export function coversTemplate(glob: Glob, template: string): boolean {
  if (glob.source.includes("?")) return false;
  return glob.fits(template.replace(EXPRESSION, ANYTHING));
}

/** The text before the first variable part, and behind the last one. */
function endsOf(literals: readonly string[]): { readonly first: string; readonly last: string } {
  return { first: literals[0] ?? "", last: literals.at(-1) ?? "" };
}

function reversed(text: string): string {
  return [...text].reverse().join("");
}

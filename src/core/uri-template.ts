import { compileGlob, type Glob } from "./glob.ts";

/** An expression of a URI template (RFC 6570 section 2.2). */
const EXPRESSION = /\{[^{}]*\}/g;
const WILDCARDS = /[*?]+/;

/** Whether a URI may be an expansion of a template. It says yes where it cannot tell. */
export function mayExpandTo(template: string, uri: string): boolean {
  const literals = template.split(EXPRESSION);
  // In a glob these would not stand for themselves.
  if (literals.some((literal) => WILDCARDS.test(literal))) return true;
  return compileGlob(literals.join("*")).fits(uri);
}

/**
 * Whether a glob may fit some expansion of a template, by what both begin and end with. It says
 * yes too often, and never no where yes is right.
 */
export function mayFitTemplate(glob: Glob, template: string): boolean {
  const ends = endsOf(template.split(EXPRESSION));
  const wanted = endsOf(glob.source.split(WILDCARDS));
  return (
    (ends.first.startsWith(wanted.first) || wanted.first.startsWith(ends.first)) &&
    (ends.last.endsWith(wanted.last) || wanted.last.endsWith(ends.last))
  );
}

/** Stands in no glob and in no template, so that only a `*` fits it. */
const ANYTHING = "\uffff".repeat(8);

/** Whether a glob fits every expansion of a template: its stars take in each expression. */
export function fitsTemplate(glob: Glob, template: string): boolean {
  if (glob.source.includes("?")) return false;
  return glob.fits(template.replace(EXPRESSION, ANYTHING));
}

/** The text before the first variable part, and behind the last one. */
function endsOf(literals: readonly string[]): { readonly first: string; readonly last: string } {
  return { first: literals[0] ?? "", last: literals.at(-1) ?? "" };
}

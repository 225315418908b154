/**
 * `page` with other text between `<!-- begin NAME -->` and `<!-- end NAME -->`; null where it has no
 * such marks.
 */
export function replaceBlock(page: string, name: string, text: string): string | null {
  const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) return null;
  return `${page.slice(0, from)}${begin}\n${text.trim()}\n\n${page.slice(to)}`;
}

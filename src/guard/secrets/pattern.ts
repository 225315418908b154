/** Source of a pattern that matches any of these; long lists of words stay readable. */
export function anyOf(...alternatives: readonly string[]): string {
  return `(?:${alternatives.join("|")})`;
}

/** `anyOf` of words, given as one text with spaces between them. */
export function anyWordOf(...lines: readonly string[]): string {
  return anyOf(...lines.flatMap((line) => line.split(" ")));
}

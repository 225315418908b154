/** The rows of the table under the heading that begins with `heading`, cell by cell. */
export function rowsOf(page: string, heading: string): string[][] {
  const section = page
    .split(/^#+ /m)
    .find((part) => part.startsWith(heading))
    ?.split("\n");
  const lines = (section ?? []).filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
}

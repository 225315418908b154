import { showUnseen } from "../core/unseen.ts";

/** Text of a stranger for a terminal: each character that is not seen becomes `\u{…}`. */
export function visible(text: string): string {
  return showUnseen(text, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** The same, of at most `max` characters. */
export function shortened(text: string, max: number): string {
  const shown = Array.from(visible(text.slice(0, max * 2)));
  if (shown.length <= max && text.length <= max * 2) return shown.join("");
  return `${shown.slice(0, max - 1).join("")}…`;
}

/** Columns as wide as their widest cell; the last one runs free. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Array.from(cell).length);
    });
  }
  const line = (row: readonly string[]) =>
    row.map((cell, column) => {
      return column === row.length - 1
        ? cell
        : cell + " ".repeat((widths[column] ?? 0) - Array.from(cell).length);
    });
  return rows.map((row) => line(row).join("  ").trimEnd()).join("\n");
}

/** A glob over names: `*` is any run of characters, `?` one UTF-16 code unit, the rest itself. */
export interface Glob {
  readonly source: string;
  /** It has no wildcard: it fits its own text and nothing else. */
  readonly exact: boolean;
  fits(text: string): boolean;
}

/**
 * Compiles a glob; there is no pattern that is not one. It is anchored and tells upper case from
 * lower. Between stars the leftmost place is taken, so that no text makes it go back.
 */
export function compileGlob(source: string): Glob {
  if (!/[*?]/.test(source)) return { source, exact: true, fits: (text) => text === source };
  if (source === "*") return { source, exact: false, fits: () => true };

  const pieces = source.split("*");
  const first = pieces[0] ?? "";
  if (pieces.length === 1) {
    const fits = (text: string) => text.length === first.length && standsAt(text, first, 0);
    return { source, exact: false, fits };
  }
  const last = pieces.at(-1) ?? "";
  const between = pieces.slice(1, -1).filter((piece) => piece !== "");
  return { source, exact: false, fits: (text) => fitsPieces(text, first, between, last) };
}

function fitsPieces(text: string, first: string, between: readonly string[], last: string) {
  const end = text.length - last.length;
  if (end < first.length || !standsAt(text, first, 0) || !standsAt(text, last, end)) return false;

  let at = first.length;
  for (const piece of between) {
    const found = find(text, piece, at, end - piece.length);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return true;
}

/** The first place of `piece` from `from` up to `to`, both included. */
function find(text: string, piece: string, from: number, to: number): number {
  if (!piece.includes("?")) {
    const found = text.indexOf(piece, from);
    return found > to ? -1 : found;
  }
  for (let at = from; at <= to; at++) if (standsAt(text, piece, at)) return at;
  return -1;
}

function standsAt(text: string, piece: string, at: number): boolean {
  if (!piece.includes("?")) return text.startsWith(piece, at);
  for (let index = 0; index < piece.length; index++) {
    if (piece[index] !== "?" && piece[index] !== text[at + index]) return false;
  }
  return true;
}

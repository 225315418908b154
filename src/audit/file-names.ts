import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";

const SEQ_DIGITS = 12;

/** A file that was rotated away: its name tells where in the chain it begins. */
export interface Rotated {
  readonly path: string;
  readonly firstSeq: number;
  /** When the last line was written: milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** `decisions.jsonl` becomes `decisions.000000000001.jsonl`: names sort as the chain goes. */
export function rotatedPath(path: string, firstSeq: number): string {
  const extension = extname(path);
  const stem = basename(path, extension);
  return join(dirname(path), `${stem}.${String(firstSeq).padStart(SEQ_DIGITS, "0")}${extension}`);
}

/** The rotated files of a log, the oldest first; throws the system's errors. */
export function rotatedFiles(path: string): readonly Rotated[] {
  const folder = dirname(path);
  return readdirSync(folder)
    .flatMap((name) => {
      const of = rotatedFrom(name);
      if (of?.base !== basename(path)) return [];
      const rotated = join(folder, name);
      const modifiedMs = statSync(rotated).mtimeMs;
      return [{ path: rotated, firstSeq: of.firstSeq, modifiedMs }];
    })
    .sort((a, b) => a.firstSeq - b.firstSeq);
}

/** The log that a rotated file belongs to; null for any other name. */
export function rotatedFrom(
  name: string,
): { readonly base: string; readonly firstSeq: number } | null {
  const extension = extname(name);
  const stem = basename(name, extension);
  const digits = extname(stem);
  if (!/^\.\d{12,15}$/.test(digits)) return null;
  return { base: `${basename(stem, digits)}${extension}`, firstSeq: Number(digits.slice(1)) };
}

import type { Path } from "./config-error.ts";

/** A map of the document. Its keys are the author's: own properties only are to be trusted. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at `path`; undefined where the path leads nowhere. */
export function valueAt(root: unknown, path: Path): unknown {
  let at = root;
  for (const segment of path) {
    if (!isRecord(at) || !Object.hasOwn(at, segment)) return undefined;
    at = at[segment];
  }
  return at;
}

/** The text at `path`; undefined where there is none. */
export function textAt(root: unknown, path: Path): string | undefined {
  const value = valueAt(root, path);
  return typeof value === "string" ? value : undefined;
}

/** The entries of the map at `path`; none where there is no map. */
export function entriesAt(root: unknown, path: Path): readonly [string, unknown][] {
  const value = valueAt(root, path);
  return isRecord(value) ? Object.entries(value) : [];
}

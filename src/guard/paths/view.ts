import type { AliasScope } from "../../core/alias.ts";
import type { AliasStore } from "../../core/ports.ts";

/** A configured root, with the alias that stands in its place. */
export interface RootAlias {
  readonly path: string;
  /** As it stands in the path of a URI. */
  readonly uriPath: string;
  readonly code: string;
}

/** One caller's paths at one server, as they are shown and read back. */
export interface AliasView {
  readonly scope: AliasScope;
  readonly store: AliasStore;
  /** The longest first: of nested roots the inner one names a path. */
  readonly roots: readonly RootAlias[];
  readonly rootOf: ReadonlyMap<string, RootAlias>;
  /** The first folder of each root: what lies beside a root is a path, too. */
  readonly rootFolders: ReadonlySet<string>;
  /** Left as they are, with all below them; without a slash at the end. */
  readonly publicPaths: readonly string[];
  readonly keepExtension: boolean;
}

/** Replace `[start, end)` of a text. */
export interface PathEdit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const EXTENSION = /[^./\\](\.[A-Za-z0-9]{1,8})$/;

/** What follows the code of an opaque alias: the extension of its path, where that is kept. */
export function keptExtension(path: string, { keepExtension }: AliasView): string {
  return keepExtension ? (EXTENSION.exec(path.slice(-16))?.[1] ?? "") : "";
}

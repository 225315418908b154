import type { AliasScope } from "../../core/alias.ts";
import type { Principal } from "../../core/policy.ts";
import type { AliasStore } from "../../core/ports.ts";
import { hmac } from "./hmac.ts";
import { createProtection } from "./protected.ts";
import { shortCode } from "./short-code.ts";
import { encodeUriPath } from "./spelling.ts";
import type { AliasView, RootAlias } from "./view.ts";

/** What a tool's contents are to the aliases; paths in their own places are always concealed. */
export type ContentsMode = "alias" | "report" | "off";

export interface PathServer {
  /** Absolute and normalised folders on the server's machine. */
  readonly roots: readonly string[];
  /** Whether this server's paths are concealed at all. */
  readonly aliased: boolean;
}

export interface PathGuardOptions {
  readonly key: Uint8Array;
  readonly store: AliasStore;
  readonly server: (id: string) => PathServer;
  readonly publicPaths: readonly string[];
  readonly keepExtension: boolean;
  /** By tool; `*` is any other. */
  readonly contents: ReadonlyMap<string, ContentsMode>;
  /** The key outlives this run; absent where it does not. */
  readonly isLasting?: boolean;
  /** Files and folders of our own, which nobody may name. */
  readonly ownPaths: readonly string[];
}

/** What the pipeline asks about paths. */
export interface PathGuard {
  /** Null where a server's paths are shown as they are. */
  viewOf(server: string, principal: Principal): AliasView | null;
  /**
   * For texts whose paths a policy wants concealed, also where a server's paths are shown; null
   * where aliases could not be read back after a restart. From then on this caller's aliases are.
   */
  obligedViewOf(server: string, principal: Principal): AliasView | null;
  /** By which a caller's aliases are read back. `isObliged`: a policy may have concealed any text. */
  readingViewOf(server: string, principal: Principal, isObliged: boolean): ReadingView | null;
  /** For envelopes of opaque values: one caller at one server, and what else binds them. */
  scopeOf(server: string, principal: Principal, binding: string): AliasScope;
  contentsOf(tool: string | null): ContentsMode;
  /** Whether a path leads to our own configuration, policy, keys or logs. */
  isOutOfReach(path: string, server: string): boolean;
}

export interface ReadingView {
  readonly view: AliasView;
  /** Aliases may stand in any text, whatever is said of a tool's contents. */
  readonly everywhere: boolean;
}

/** Callers at servers whose keys and roots are at hand; a thousand callers cost a megabyte. */
const VIEWS_MAX = 1024;

/**
 * Derives everything from the key: a restart and another replica mint the same aliases. The views
 * of those who were here last are kept.
 */
export function createPathGuard(options: PathGuardOptions): PathGuard {
  const isProtected = createProtection(options.ownPaths);
  const anyViewOf = createViews(options);
  const isAliased = (server: string): boolean => options.server(server).aliased;
  /** To whom a policy had something concealed in this run, with their views. */
  const obliged = new Map<string, AliasView>();
  return {
    viewOf: (server, principal) => (isAliased(server) ? anyViewOf(server, principal) : null),
    obligedViewOf(server, principal) {
      if (!isAliased(server) && options.isLasting !== true) return null;
      const view = anyViewOf(server, principal);
      return keepLatest(obliged, view.scope.id, view);
    },
    readingViewOf(server, principal, isObliged) {
      const mayBeObliged = (isObliged && options.isLasting === true) || obliged.size > 0;
      if (!isAliased(server) && !mayBeObliged) return null;
      const view = anyViewOf(server, principal);
      const everywhere = isObliged || obliged.has(view.scope.id);
      return isAliased(server) || everywhere ? { view, everywhere } : null;
    },
    scopeOf: createScopes(options.key),
    contentsOf: (tool) => options.contents.get(tool ?? "*") ?? options.contents.get("*") ?? "alias",
    isOutOfReach: (path, server) => isProtected(path, options.server(server).roots),
  };
}

function createScopes(key: Uint8Array): PathGuard["scopeOf"] {
  const scopes = new Map<string, AliasScope>();
  return (server, principal, binding) => {
    const id = JSON.stringify([scopeId(server, principal), binding]);
    const scope = scopes.get(id) ?? { id, key: hmac(key, `impedance envelopes 1\0${id}`) };
    return keepLatest(scopes, id, scope);
  };
}

/** The map forgets who was not here for the longest time. */
function keepLatest<Kept>(map: Map<string, Kept>, id: string, kept: Kept): Kept {
  map.delete(id);
  map.set(id, kept);
  if (map.size > VIEWS_MAX) map.delete(map.keys().next().value ?? id);
  return kept;
}

function createViews(
  options: PathGuardOptions,
): (server: string, principal: Principal) => AliasView {
  const views = new Map<string, AliasView>();
  return (server, principal) => {
    const { roots } = options.server(server);
    const id = scopeId(server, principal);
    const view = views.get(id) ?? createView(scopeOf(id, options.key), roots, options);
    return keepLatest(views, id, view);
  };
}

/** Without an identity an alias is bound to the server alone: nothing else about a caller holds. */
function scopeId(server: string, { id, kind, authenticated_by }: Principal): string {
  const caller = authenticated_by === "none" ? null : [kind, id];
  return JSON.stringify([server, caller]);
}

function scopeOf(id: string, master: Uint8Array): AliasScope {
  return { id, key: hmac(master, `impedance aliases 1\0${id}`) };
}

function createView(
  scope: AliasScope,
  roots: readonly string[],
  { store, publicPaths, keepExtension }: PathGuardOptions,
): AliasView {
  const aliases = roots
    .filter((path) => path !== "/")
    .map((path): RootAlias => {
      return { path, uriPath: encodeUriPath(path), code: shortCode(scope.key, `root\0${path}`) };
    })
    .sort((left, right) => right.path.length - left.path.length);
  return {
    scope,
    store,
    roots: aliases,
    rootOf: new Map(aliases.map((root) => [root.code, root])),
    rootFolders: new Set(aliases.map(({ path }) => path.split("/", 2).at(-1) ?? "")),
    publicPaths: publicPaths.map((path) => path.replace(/\/+$/, "")),
    keepExtension,
  };
}

import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { AliasStore } from "../core/ports.ts";
import { createMemoryStore } from "../guard/paths/memory-store.ts";
import { createPathGuard, type PathGuard, type PathServer } from "../guard/paths/path-guard.ts";
import { createSealedStore } from "../guard/paths/sealed-store.ts";
import { packagePath } from "./package-root.ts";

const KEY_BYTES = 32;

/** The path guard that a configuration asks for; without a key of its own it holds for this run. */
export function pathGuardOf(
  config: Pick<Config, "aliases" | "servers" | "ownPaths">,
  shared: ((local: AliasStore) => AliasStore) | null = null,
): PathGuard {
  const { aliases, servers, ownPaths } = config;
  const { store, keepExtension, publicPaths, contents } = aliases;
  const named = new Map<string, PathServer>();
  for (const [id, { roots }] of servers) named.set(id, serverOf(aliases.mode, [...roots.values()]));
  const other = serverOf(aliases.mode, []);
  return createPathGuard({
    key: aliases.key?.reveal() ?? randomBytes(KEY_BYTES),
    isLasting: aliases.key !== null,
    store: store === "sealed" ? createSealedStore() : memoryStore(shared),
    server: (id) => named.get(id) ?? other,
    keepExtension,
    publicPaths,
    contents,
    ownPaths: [...ownPaths, packagePath("dist/policy")],
  });
}

function serverOf(mode: Config["aliases"]["mode"], roots: readonly string[]): PathServer {
  return { roots, aliased: isAliased(mode, roots) };
}

function memoryStore(shared: ((local: AliasStore) => AliasStore) | null): AliasStore {
  const local = createMemoryStore();
  return shared?.(local) ?? local;
}

/** Whether aliases are minted with a key that ends with this run. */
export function hasPassingAliases(config: Config): boolean {
  return config.aliases.key === null && concealsPaths(config);
}

/** Whether there is a server whose paths are concealed. */
export function concealsPaths({ aliases, servers }: Pick<Config, "aliases" | "servers">): boolean {
  if (aliases.mode === "on") return true;
  return [...servers.values()].some(({ roots }) => isAliased(aliases.mode, [...roots.values()]));
}

function isAliased(mode: Config["aliases"]["mode"], roots: readonly string[]): boolean {
  return mode === "on" || (mode === "roots" && roots.length > 0);
}

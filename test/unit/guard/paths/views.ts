import type { Principal } from "../../../../src/core/policy.ts";
import { conceal, type Expectation } from "../../../../src/guard/paths/conceal.ts";
import { applyEdits } from "../../../../src/guard/paths/leaf.ts";
import { createMemoryStore } from "../../../../src/guard/paths/memory-store.ts";
import {
  createPathGuard,
  type PathGuard,
  type PathGuardOptions,
} from "../../../../src/guard/paths/path-guard.ts";
import type { Revelation } from "../../../../src/guard/paths/reveal.ts";
import type { AliasView } from "../../../../src/guard/paths/view.ts";

const NOBODY: Principal = {
  id: "anonymous",
  kind: "anonymous",
  roles: [],
  scopes: [],
  claims: {},
  authenticated_by: "none",
};

export const ALICE: Principal = { ...NOBODY, id: "alice", kind: "user", authenticated_by: "jwt" };

export const KEY = new Uint8Array(32).fill(7);
const ROOTS = ["/srv/projects", "/srv/projects/inner", "/srv/my files"];

function guardWith(options: Partial<PathGuardOptions> = {}): PathGuard {
  return createPathGuard({
    key: KEY,
    store: createMemoryStore(),
    server: () => ({ roots: ROOTS, aliased: true }),
    publicPaths: ["/usr/bin", "/dev", "/app"],
    keepExtension: false,
    contents: new Map(),
    ownPaths: [],
    ...options,
  });
}

export function viewWith(
  options: Partial<PathGuardOptions> = {},
  server = "files",
  principal = NOBODY,
): AliasView {
  const view = guardWith(options).viewOf(server, principal);
  if (view === null) throw new Error("the server's paths are concealed");
  return view;
}

export function concealed(text: string, view: AliasView, expected: Expectation = "paths"): string {
  return applyEdits(text, conceal(text, view, expected));
}

/** The text, or the code of the refusal. */
export function revealed(text: string, revelation: Revelation): string {
  return revelation.kind === "refused" ? revelation.code : applyEdits(text, revelation.edits);
}

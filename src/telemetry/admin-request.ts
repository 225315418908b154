import type { IncomingMessage } from "node:http";

import type { AdminRoute } from "../core/admin.ts";

const BODY_MAX_BYTES = 64 * 1024;

export type FoundRoute =
  | { readonly kind: "route"; readonly route: AdminRoute; readonly rest: string }
  /** The path is there, but not for this method. */
  | { readonly kind: "other"; readonly methods: readonly string[] };

/** The route of a path and a method; null where no route has the path. */
export function findRoute(
  routes: readonly AdminRoute[],
  method: string,
  path: string,
): FoundRoute | null {
  const fitting = routes.flatMap((route) => {
    const rest = restOf(route.path, path);
    return rest === null ? [] : [{ kind: "route", route, rest } as const];
  });
  if (fitting.length === 0) return null;
  const found = fitting.find(({ route }) => route.method === method);
  return found ?? { kind: "other", methods: fitting.map(({ route }) => route.method) };
}

/** What stands in the star's place; null where the path is another. */
function restOf(pattern: string, path: string): string | null {
  if (!pattern.endsWith("/*")) return pattern === path ? "" : null;
  const start = pattern.slice(0, -1);
  const rest = path.slice(start.length);
  if (!path.startsWith(start) || rest === "" || rest.includes("/")) return null;
  try {
    return decodeURIComponent(rest);
  } catch {
    return null;
  }
}

/** The whole body; null where it is larger than an operator's would be. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += (chunk as Buffer).length;
    if (length > BODY_MAX_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

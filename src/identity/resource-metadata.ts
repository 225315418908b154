import type { AuthenticationSettings } from "../core/authentication.ts";
import type { RequestHead } from "../core/exchange.ts";
import type { PlainAnswer } from "../core/identity.ts";

/** A server, as far as clients see it. */
export interface Reachable {
  readonly id: string;
  /** The path that clients call. */
  readonly path: string;
}

/** The servers as protected resources (RFC 9728). */
export interface Resources {
  /** The resource that a server's tokens are for; null for a server that is not known. */
  resourceOf(server: string | null): string | null;
  /** Where the metadata of a server's resource is; null for a server that is not known. */
  metadataUrl(server: string | null): string | null;
  /** The answer to a request for such metadata; null to any other request. */
  answer(head: RequestHead): PlainAnswer | null;
}

/** RFC 9728 section 3 */
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** Pages of any origin may read what anybody may: it holds no more than the configuration says. */
const CORS = [
  ["access-control-allow-origin", "*"],
  ["access-control-allow-methods", "GET, HEAD, OPTIONS"],
  ["access-control-allow-headers", "authorization, mcp-protocol-version"],
] as const;
const CACHE = ["cache-control", "public, max-age=300"] as const;

/** Whether clients can be told of an authorization server. */
export function isAdvertising({ tokens }: AuthenticationSettings): boolean {
  return tokens?.issuers.some(({ isAdvertised }) => isAdvertised) ?? false;
}

export function createResources(
  settings: AuthenticationSettings,
  publicUrl: string,
  servers: readonly Reachable[],
): Resources {
  const { resource } = settings;
  const byId = new Map(servers.map(({ id, path }) => [id, withoutSlash(path)]));
  const resourceOf = (server: string | null): string | null => {
    const path = server === null ? undefined : byId.get(server);
    return path === undefined ? null : (resource ?? `${publicUrl}${path}`);
  };
  const documents = documentsOf(settings, byId, resourceOf);

  return {
    resourceOf,
    metadataUrl(server) {
      const path = server === null ? undefined : byId.get(server);
      return path === undefined ? null : `${publicUrl}${WELL_KNOWN}${path}`;
    },
    answer({ method, path }) {
      const document = documents.get(withoutSlash(path.replace(/[?#].*$/s, "")));
      if (document === undefined) return null;
      if (method === "OPTIONS") return { status: 204, headers: CORS, body: new Uint8Array(0) };
      if (method !== "GET" && method !== "HEAD") return null;
      const headers = [...CORS, CACHE, ["content-type", "application/json"] as const];
      return { status: 200, headers, body: method === "HEAD" ? new Uint8Array(0) : document };
    },
  };
}

/** By path. The metadata of the whole host is there where it has one resource only. */
function documentsOf(
  settings: AuthenticationSettings,
  paths: ReadonlyMap<string, string>,
  resourceOf: (server: string) => string | null,
): ReadonlyMap<string, Uint8Array> {
  const documents = new Map<string, Uint8Array>();
  if (!isAdvertising(settings)) return documents;
  for (const [server, path] of paths) {
    const document = documentOf(settings, resourceOf(server) ?? "");
    documents.set(`${WELL_KNOWN}${path}`, document);
    if (paths.size === 1 || settings.resource !== null) documents.set(WELL_KNOWN, document);
  }
  return documents;
}

function documentOf(settings: AuthenticationSettings, resource: string): Uint8Array {
  const issuers = settings.tokens?.issuers.filter(({ isAdvertised }) => isAdvertised) ?? [];
  const { scopes } = settings;
  const metadata = {
    resource,
    authorization_servers: issuers.map(({ issuer }) => issuer),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ["header"],
  };
  return new TextEncoder().encode(JSON.stringify(metadata));
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

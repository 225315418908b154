import assert from "node:assert/strict";

import { clusterName, type UpstreamServer, urlOf } from "./clusters.ts";
import { isPlainPath } from "./upstream-url.ts";

/** An Envoy route, as far as it is changed here. */
export interface Route {
  name: string;
  match: { path?: string; safe_regex?: { regex: string }; headers?: object[] };
  route: {
    cluster: string;
    prefix_rewrite?: string;
    regex_rewrite?: { pattern: { regex: string }; substitution: string };
    host_rewrite_literal?: string;
    timeout?: string;
    idle_timeout?: string;
  };
  typed_per_filter_config?: { [filter: string]: object };
}

/** The routes of the template's example server, by what they are for. */
export interface ExampleRoutes {
  readonly listen: Route;
  readonly call: Route;
  readonly metadata: Route;
  readonly allMetadata: Route;
}

const EXT_AUTHZ = "envoy.filters.http.ext_authz";
const EXT_PROC = "envoy.filters.http.ext_proc";
const TYPES = "type.googleapis.com/envoy.extensions.filters.http";
const SERVER_ID = /^[\w.-]{1,64}$/;

/** Finds the four routes of the example server by their form, so that their order may change. */
export function exampleRoutes(routes: readonly Route[]): ExampleRoutes {
  const exact = routes.filter(({ match }) => match.path !== undefined);
  const patterns = routes.filter(({ match }) => match.safe_regex !== undefined);
  const listen = exact.find(({ match }) => match.headers !== undefined);
  const call = exact.find(({ match }) => match.headers === undefined);
  const metadata = patterns.find(({ route }) => route.regex_rewrite !== undefined);
  const allMetadata = patterns.find(({ route }) => route.regex_rewrite === undefined);
  assert(listen && call && metadata && allMetadata, "the example server has its four routes");
  return { listen, call, metadata, allMetadata };
}

/** The routes of one server; the metadata of the whole host is its own only if it is `single`. */
export function routesOf(
  example: ExampleRoutes,
  upstream: UpstreamServer,
  single: boolean,
): Route[] {
  const url = urlOf(upstream);
  const path = upstream.path ?? url.path;
  if (!SERVER_ID.test(upstream.id)) throw new Error(`${upstream.id} is no name for a server`);
  if (!isPlainPath(path)) throw new Error(`server ${upstream.id}: ${path} is no plain path`);

  const exact = [example.listen, example.call].map((from) => {
    const route = copyFor(from, upstream, url.authority);
    route.match.path = path;
    route.route.prefix_rewrite = url.path;
    return route;
  });
  const [, call] = exact;
  if (call && upstream.idleTimeoutMs !== undefined) {
    call.route.idle_timeout = `${upstream.idleTimeoutMs / 1000}s`;
  }

  const metadata = copyFor(example.metadata, upstream, url.authority);
  const suffix = escapePattern(withoutSlash(path));
  metadata.match.safe_regex = { regex: `/\\.well-known/[\\w.-]+${suffix}` };
  metadata.route.regex_rewrite = {
    pattern: { regex: `^/\\.well-known/([\\w.-]+)${suffix}$` },
    substitution: `/.well-known/\\1${withoutSlash(url.path)}`,
  };
  if (!single) return [...exact, metadata];
  return [...exact, metadata, copyFor(example.allMetadata, upstream, url.authority)];
}

/**
 * `/health` and `/metrics` of Impedance itself on the listener. They pass the firewall by: they
 * are not MCP, and must answer while it does not.
 */
export function operatorRoutes(cluster: string, filters: readonly { name: string }[]): Route[] {
  const passBy: { [filter: string]: object } = {};
  for (const { name } of filters) {
    if (name === EXT_PROC) passBy[name] = disabled(`${TYPES}.ext_proc.v3.ExtProcPerRoute`);
    if (name === EXT_AUTHZ) passBy[name] = disabled(`${TYPES}.ext_authz.v3.ExtAuthzPerRoute`);
  }
  return ["/health", "/metrics"].map((path) => ({
    name: cluster,
    match: { path, headers: [{ name: ":method", string_match: { exact: "GET" } }] },
    route: { cluster, timeout: "5s" },
    typed_per_filter_config: structuredClone(passBy),
  }));
}

function disabled(type: string): object {
  return { "@type": type, disabled: true };
}

function copyFor(from: Route, upstream: UpstreamServer, authority: string): Route {
  const route = structuredClone(from);
  route.name = upstream.id;
  route.route.cluster = clusterName(upstream.id);
  route.route.host_rewrite_literal = authority;
  if (route.typed_per_filter_config?.[EXT_AUTHZ]) {
    route.typed_per_filter_config[EXT_AUTHZ] = {
      "@type": `${TYPES}.ext_authz.v3.ExtAuthzPerRoute`,
      check_settings: { context_extensions: { server: upstream.id } },
    };
  }
  return route;
}

/** RFC 9728 inserts `/.well-known/…` before the path, which then has no final slash. */
function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

function escapePattern(path: string): string {
  return path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

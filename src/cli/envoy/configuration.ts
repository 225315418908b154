import assert from "node:assert/strict";

import { parse } from "yaml";

import { type Address, encodeAddress } from "../../core/address.ts";
import {
  type Cluster,
  clusterOf,
  exampleCluster,
  type ServiceAddress,
  serviceCluster,
  type UpstreamServer,
} from "./clusters.ts";
import { exampleRoutes, operatorRoutes, type Route, routesOf } from "./routes.ts";
import { type DownstreamCertificate, downstreamTls, type ServiceTls, serviceTls } from "./tls.ts";

/** What differs between the bootstrap file as shipped and the Envoy that shall run. */
export interface BootstrapOptions {
  /** Port 0 asks the system for a free one. */
  readonly listen: Address;
  readonly admin: Address;
  /** Where Impedance serves gRPC; with several workers, each of them. */
  readonly service: ServiceAddress | readonly ServiceAddress[];
  readonly upstreams: readonly UpstreamServer[];
  /** Path of the access log; null: none. Without it, the template's own stays. */
  readonly accessLog?: string | null;
  /** Impedance's admin HTTP port, to be shown at `/health` and `/metrics` of the listener. */
  readonly operator?: Address;
  /** TLS with HTTP/2 and HTTP/1.1 towards the client. */
  readonly downstreamTls?: DownstreamCertificate;
  /** TLS towards Impedance, each knowing the other. */
  readonly serviceTls?: ServiceTls;
}

interface AccessLog {
  name: string;
  typed_config: { "@type": string; path?: string };
}

interface ConnectionManager {
  route_config: { virtual_hosts: [{ routes: Route[] }] };
  http_filters: { name: string }[];
  access_log: AccessLog[];
}

interface FilterChain {
  filters: [{ typed_config: ConnectionManager }];
  transport_socket?: object;
}

interface Listener {
  address: object;
  filter_chains: [FilterChain];
}

/** The parts of a bootstrap file that are looked at or changed here. */
export interface Bootstrap {
  admin: { address: object };
  static_resources: { listeners: [Listener]; clusters: Cluster[] };
  layered_runtime?: { layers: [{ static_layer: { [key: string]: unknown } }] };
}

/**
 * The bootstrap for one run, from the text of `envoy/bootstrap.yaml` or `envoy/ext-authz.yaml`:
 * the same file, with these addresses, clusters and routes in it. JSON, which Envoy and any YAML
 * reader read alike. Throws on a template or an upstream that cannot be used.
 */
export function bootstrapFor(template: string, options: BootstrapOptions): string {
  return JSON.stringify(bootstrapObject(template, options), null, 2);
}

/** As `bootstrapFor`, before it is written down. */
export function bootstrapObject(template: string, options: BootstrapOptions): Bootstrap {
  const bootstrap = parseTemplate(template);
  const { listeners, clusters } = bootstrap.static_resources;
  const [listener] = listeners;
  const [chain] = listener.filter_chains;
  const manager = chain.filters[0].typed_config;

  bootstrap.admin.address = socketAddress(options.admin);
  listener.address = socketAddress(options.listen);
  if (options.downstreamTls) chain.transport_socket = downstreamTls(options.downstreamTls);
  if (options.accessLog !== undefined) redirectAccessLog(manager, options.accessLog);

  const example = exampleRoutes(manager.route_config.virtual_hosts[0].routes);
  const single = options.upstreams.length === 1;
  const routes = options.upstreams.flatMap((upstream) => routesOf(example, upstream, single));
  const service = serviceCluster(clusters, options.service);
  const made = options.upstreams.map((upstream) =>
    clusterOf(exampleCluster(clusters), upstream, service),
  );
  if (options.serviceTls) service.transport_socket = serviceTls(options.serviceTls);
  assertDistinct(options.upstreams);
  if (options.operator) {
    made.push(operatorCluster(clusters, options.operator));
    routes.push(...operatorRoutes(OPERATOR_CLUSTER, manager.http_filters));
  }
  manager.route_config.virtual_hosts[0].routes = routes;
  bootstrap.static_resources.clusters = [service, ...made];
  return bootstrap;
}

const OPERATOR_CLUSTER = "impedance-admin";

function operatorCluster(clusters: readonly Cluster[], endpoint: Address): Cluster {
  const url = `http://${encodeAddress(endpoint)}/`;
  const cluster = clusterOf(exampleCluster(clusters), { id: "operator", url }, undefined);
  cluster.name = OPERATOR_CLUSTER;
  cluster.load_assignment.cluster_name = OPERATOR_CLUSTER;
  return cluster;
}

function redirectAccessLog(manager: ConnectionManager, path: string | null): void {
  if (path === null) {
    manager.access_log = [];
    return;
  }
  for (const log of manager.access_log) {
    log.name = "envoy.access_loggers.file";
    log.typed_config["@type"] =
      "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";
    log.typed_config.path = path;
  }
}

function assertDistinct(upstreams: readonly UpstreamServer[]): void {
  const seen = new Set<string>();
  for (const { id, path, url } of upstreams) {
    for (const name of [`the server id ${id}`, `the path ${path ?? new URL(url).pathname}`]) {
      if (seen.has(name)) throw new Error(`${name} is used twice`);
      seen.add(name);
    }
  }
}

function parseTemplate(template: string): Bootstrap {
  const parsed: unknown = parse(template);
  assert(isBootstrap(parsed), "the Envoy bootstrap has one listener with one filter chain");
  return structuredClone(parsed);
}

/** The template is a file of ours: what is checked is its outline, Envoy itself checks the rest. */
function isBootstrap(value: unknown): value is Bootstrap {
  const listener = at(value, "static_resources", "listeners", "0");
  const manager = at(listener, "filter_chains", "0", "filters", "0", "typed_config");
  return (
    at(value, "admin", "address") !== undefined &&
    Array.isArray(at(value, "static_resources", "clusters")) &&
    Array.isArray(at(manager, "route_config", "virtual_hosts", "0", "routes")) &&
    Array.isArray(at(manager, "http_filters")) &&
    Array.isArray(at(manager, "access_log"))
  );
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  let node = value;
  for (const key of keys) {
    if (typeof node !== "object" || node === null) return undefined;
    node = Reflect.get(node, key);
  }
  return node;
}

function socketAddress(endpoint: Address): object {
  return { socket_address: { address: endpoint.host, port_value: endpoint.port } };
}

import assert from "node:assert/strict";
import { isIP } from "node:net";

import type { Address } from "../../core/address.ts";
import { upstreamTls } from "./tls.ts";
import { decodeUpstreamUrl, type UpstreamUrl } from "./upstream-url.ts";

/** One MCP server behind the firewall. */
export interface UpstreamServer {
  /** Names the server in policies and in the decision log; it becomes the route's name. */
  readonly id: string;
  readonly url: string;
  /** Where clients find it on the listener; the URL's own path if absent. */
  readonly path?: string;
  /** `http2`: with TLS by ALPN, without it by prior knowledge (h2c). */
  readonly protocol?: "http1" | "http2";
  /** Certificates that may sign the server's; the system's own if absent. */
  readonly caFile?: string;
  readonly connectTimeoutMs?: number;
  /** Backstop for a silent exchange; a listening stream has none. */
  readonly idleTimeoutMs?: number;
}

/** Where Impedance serves gRPC: a port, or the path of a Unix socket. */
export type ServiceAddress = Address | { readonly socket: string };

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const SERVICE = "impedance";

interface HttpOptions {
  explicit_http_config: { http_protocol_options?: object; http2_protocol_options?: object };
}

/** An Envoy cluster, as far as it is changed here. */
export interface Cluster {
  name: string;
  type: string;
  connect_timeout: string;
  dns_lookup_family?: string;
  typed_extension_protocol_options: { [HTTP_OPTIONS]: HttpOptions };
  transport_socket?: object;
  load_assignment: {
    cluster_name: string;
    endpoints: [{ lb_endpoints: { endpoint: { address: object } }[] }];
  };
}

/** The cluster of a server, by the name that its routes use. */
export function clusterName(id: string): string {
  return `mcp-${id}`;
}

/** The cluster of Impedance itself, changed to where the service is: one endpoint a worker. */
export function serviceCluster(
  clusters: readonly Cluster[],
  service: ServiceAddress | readonly ServiceAddress[],
): Cluster {
  const found = clusters.find(({ name }) => name === SERVICE);
  assert(found, `the Envoy bootstrap has a cluster named ${SERVICE}`);
  const cluster = structuredClone(found);
  if (!("length" in service)) {
    if ("socket" in service) pointTo(cluster, [{ pipe: { path: service.socket } }]);
    else pointToEndpoint(cluster, service, isIP(service.host) !== 0);
    return cluster;
  }
  assert(
    service.every((one) => "socket" in one || isIP(one.host) !== 0),
    "several workers are reached by sockets or IP addresses",
  );
  pointTo(
    cluster,
    service.map((one) => ("socket" in one ? { pipe: { path: one.socket } } : socketOf(one))),
  );
  return cluster;
}

/** The cluster of the example server in the template. */
export function exampleCluster(clusters: readonly Cluster[]): Cluster {
  const found = clusters.find(({ name }) => name !== SERVICE);
  assert(found, "the Envoy bootstrap has the cluster of an example server");
  return found;
}

/**
 * The cluster of one MCP server, made from the example's. `http2Model` is the cluster whose HTTP/2
 * windows are taken over.
 */
export function clusterOf(
  example: Cluster,
  upstream: UpstreamServer,
  http2Model: Cluster | undefined,
): Cluster {
  const url = urlOf(upstream);
  const cluster = structuredClone(example);
  cluster.name = clusterName(upstream.id);
  cluster.load_assignment.cluster_name = cluster.name;
  pointToEndpoint(cluster, url, url.isAddress);
  if (upstream.connectTimeoutMs !== undefined) {
    cluster.connect_timeout = `${upstream.connectTimeoutMs / 1000}s`;
  }
  if (upstream.protocol === "http2") {
    const model = http2Model?.typed_extension_protocol_options[HTTP_OPTIONS].explicit_http_config;
    cluster.typed_extension_protocol_options[HTTP_OPTIONS].explicit_http_config = {
      http2_protocol_options: structuredClone(model?.http2_protocol_options ?? {}),
    };
  }
  if (url.secure) cluster.transport_socket = upstreamTls(url, upstream.caFile);
  return cluster;
}

/** The decoded URL of a server. Throws the sentence for the operator when it cannot be used. */
export function urlOf(upstream: UpstreamServer): UpstreamUrl {
  const url = decodeUpstreamUrl(upstream.url);
  if (!url.ok) throw new Error(`server ${upstream.id}: ${url.error}`);
  return url.value;
}

function pointToEndpoint(cluster: Cluster, endpoint: Address, isAddress: boolean): void {
  pointTo(cluster, [socketOf(endpoint)]);
  if (isAddress) return;
  // ALL tries IPv6 and IPv4 side by side: `localhost` servers listen on either.
  cluster.type = "LOGICAL_DNS";
  cluster.dns_lookup_family = "ALL";
}

function socketOf({ host, port }: Address): object {
  return { socket_address: { address: host, port_value: port } };
}

function pointTo(cluster: Cluster, addresses: readonly object[]): void {
  cluster.type = "STATIC";
  const [endpoints] = cluster.load_assignment.endpoints;
  endpoints.lb_endpoints = addresses.map((address) => ({ endpoint: { address } }));
}

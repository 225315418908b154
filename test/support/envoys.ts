import type { Bootstrap } from "../../src/cli/envoy/configuration.ts";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** Without the second attempt: a call that a worker refuses is a call that fails. */
export function withoutRetries({ static_resources: { listeners } }: Bootstrap): void {
  const { http_filters: filters } = listeners[0].filter_chains[0].filters[0].typed_config;
  for (const filter of filters as { typed_config?: { grpc_service?: object } }[]) {
    const { grpc_service: service } = filter.typed_config ?? {};
    if (service !== undefined) Reflect.deleteProperty(service, "retry_policy");
  }
}

/** Connections to the workers last until somebody ends them, as in a mesh that we do not configure. */
export function withLastingConnections({ static_resources: { clusters } }: Bootstrap): void {
  for (const { name, typed_extension_protocol_options: options } of clusters) {
    if (name !== "impedance") continue;
    Reflect.deleteProperty(options[HTTP_OPTIONS], "common_http_protocol_options");
  }
}

/** A test that is the server, too, may be too busy to take a connection for longer than is usual. */
export function withPatience({ static_resources: { clusters } }: Bootstrap): void {
  for (const cluster of clusters) Reflect.set(cluster, "connect_timeout", "60s");
}

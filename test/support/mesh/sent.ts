/** What a control plane sends to an Envoy, in the JSON of protobuf, with names in camelCase. */
export interface Sent {
  readonly listeners: readonly Json[];
  readonly routes: readonly Json[];
  readonly clusters: readonly Json[];
  /** Runtime flags that the control plane's bootstrap sets. */
  readonly runtime: Json;
}

// biome-ignore lint/suspicious/noExplicitAny: Envoy's own shapes, which Envoy itself checks
export type Json = any;

/** Where a test's own things are, in the place of those of a cluster. */
export interface Places {
  /** The listener to run, by its name. */
  readonly listener: string;
  /** Of a listener that gets whatever the kernel redirects: the chain for the port of the server. */
  readonly chain?: string;
  /** Ports on loopback by the clusters' names; other clusters are left out. */
  readonly ports: { readonly [cluster: string]: number };
  /** PEM by the names under which the control plane would send them. */
  readonly secrets?: { readonly [name: string]: Secret };
  /** Text in the place of text: paths and host names. */
  readonly texts?: { readonly [text: string]: string };
  readonly accessLog: string;
}

export type Secret =
  | { readonly certFile: string; readonly keyFile: string }
  | { readonly caFile: string };

/** Extensions that only a mesh's own build of Envoy has: they observe, and hold nothing back. */
const FOREIGN = /^type\.googleapis\.com\/(io\.istio|istio|envoy\.tcp\.metadataexchange)\./;

/**
 * A bootstrap by itself that runs one listener as it was sent: what would come over the wire stands
 * in it, addresses are on loopback, and nothing else changes.
 */
export function bootstrapFrom(sent: Sent, places: Places): Json {
  const wanted = structuredClone(sent.listeners.find(({ name }) => name === places.listener));
  if (wanted === undefined) throw new Error(`no listener is called ${places.listener}`);
  if (places.chain !== undefined) takeChain(wanted, places.chain);
  const listener = ownListener(wanted, sent.routes);
  const clusters = Object.entries(places.ports).map(([name, port]) => {
    const cluster = sent.clusters.find((each) => each.name === name);
    if (cluster === undefined) throw new Error(`no cluster is called ${name}`);
    return ownCluster(structuredClone(cluster), port);
  });
  const bootstrap = {
    node: { id: "mesh-test", cluster: "mesh-test" },
    admin: { address: loopback(0) },
    staticResources: { listeners: [listener], clusters },
    layeredRuntime: { layers: [{ name: "static", staticLayer: sent.runtime }] },
  };
  walk(bootstrap, (node) => {
    redirectLog(node, places.accessLog);
    giveSecrets(node, places.secrets ?? {});
  });
  return JSON.parse(replaced(JSON.stringify(bootstrap), places.texts ?? {}));
}

/** The HTTP connection managers of a listener, wherever they are. */
export function managersOf(listener: Json): readonly Json[] {
  const chains = [...(listener.filterChains ?? []), listener.defaultFilterChain];
  return chains
    .filter((chain) => chain !== undefined)
    .flatMap(({ filters }) => filters)
    .map(({ typedConfig }) => typedConfig)
    .filter((config) => /\.HttpConnectionManager$/.test(config?.["@type"] ?? ""));
}

function ownListener(listener: Json, routes: readonly Json[]): Json {
  listener.address = loopback(0);
  listener.enableReusePort = false;
  delete listener.bindToPort;
  for (const manager of managersOf(listener)) {
    const wanted = manager.rds?.routeConfigName;
    if (wanted !== undefined) {
      const found = routes.find(({ name }) => name === wanted);
      if (found === undefined) throw new Error(`no routes are called ${wanted}`);
      delete manager.rds;
      manager.routeConfig = structuredClone(found);
    }
    manager.httpFilters = manager.httpFilters.filter(isKnown);
  }
  for (const chain of listener.filterChains) chain.filters = chain.filters.filter(isKnown);
  return listener;
}

function isKnown({ typedConfig }: Json): boolean {
  return !FOREIGN.test(typedConfig?.typeUrl ?? typedConfig?.["@type"] ?? "");
}

/** No kernel redirects here: what it would tell Envoy of the port is known. */
function takeChain(listener: Json, name: string): void {
  listener.filterChains = listener.filterChains.filter((chain: Json) => chain.name === name);
  for (const { filterChainMatch } of listener.filterChains) delete filterChainMatch.destinationPort;
  listener.listenerFilters = listener.listenerFilters.filter(
    (filter: Json) => filter.name !== "envoy.filters.listener.original_dst",
  );
}

/** How a cluster speaks stays; where it finds its endpoints is a port on loopback. */
function ownCluster(cluster: Json, port: number): Json {
  for (const key of ["clusterType", "edsClusterConfig", "dnsLookupFamily", "respectDnsTtl"])
    delete cluster[key];
  for (const key of ["lbPolicy", "upstreamBindConfig", "filters", "dnsRefreshRate"])
    delete cluster[key];
  const [endpoints] = cluster.loadAssignment?.endpoints ?? [];
  const [endpoint] = endpoints?.lbEndpoints ?? [];
  cluster.type = "STATIC";
  cluster.loadAssignment = {
    clusterName: cluster.name,
    endpoints: [{ lbEndpoints: [{ ...endpoint, endpoint: { address: loopback(port) } }] }],
  };
  return cluster;
}

function loopback(portValue: number): Json {
  return { socketAddress: { address: "127.0.0.1", portValue } };
}

function redirectLog(node: Json, path: string): void {
  if (!Array.isArray(node.accessLog)) return;
  for (const { typedConfig } of node.accessLog) if ("path" in typedConfig) typedConfig.path = path;
}

/** What SDS would bring. */
function giveSecrets(node: Json, secrets: { readonly [name: string]: Secret }): void {
  const secretOf = ({ name }: Json): Secret => {
    const secret = secrets[name];
    if (secret === undefined) throw new Error(`no secret is called ${name}`);
    return secret;
  };
  if (node.tlsCertificateSdsSecretConfigs) {
    node.tlsCertificates = node.tlsCertificateSdsSecretConfigs.map((config: Json) => {
      const secret = secretOf(config);
      if (!("certFile" in secret)) throw new Error(`${config.name} is an authority`);
      return {
        certificateChain: { filename: secret.certFile },
        privateKey: { filename: secret.keyFile },
      };
    });
    delete node.tlsCertificateSdsSecretConfigs;
  }
  const combined = node.combinedValidationContext;
  if (combined?.validationContextSdsSecretConfig) {
    const secret = secretOf(combined.validationContextSdsSecretConfig);
    if (!("caFile" in secret)) throw new Error("a certificate in the place of an authority");
    delete node.combinedValidationContext;
    node.validationContext = {
      ...combined.defaultValidationContext,
      trustedCa: { filename: secret.caFile },
    };
  }
}

function walk(node: Json, visit: (node: Json) => void): void {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) visit(node);
  for (const child of Object.values(node)) walk(child, visit);
}

function replaced(text: string, texts: { readonly [text: string]: string }): string {
  return Object.entries(texts).reduce((sofar, [from, to]) => sofar.replaceAll(from, to), text);
}

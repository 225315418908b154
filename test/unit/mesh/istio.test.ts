/** What Istio's own pilot makes of our files. */

import { describe, expect, test } from "vitest";
import { type Json, managersOf } from "../../support/mesh/sent.ts";
import {
  byIstio,
  ISTIO_TRANSLATE,
  type IstioProxy,
  keep,
  keepSources,
  kept,
  shipped,
} from "../../support/mesh/translated.ts";

const IS_UPDATE = process.env.UPDATE_GOLDEN === "1";
const GATEWAY: IstioProxy = { type: "router", namespace: "istio-ingress", labels: "istio=ingress" };
const SIDECAR: IstioProxy = {
  type: "sidecar",
  namespace: "mcp-servers",
  labels: "app.kubernetes.io/name=files",
};

/** What Kubernetes' own Services would be to Istio. */
const SERVER = service("files", "mcp-servers", 3001, "HTTP");
const IMPEDANCE = service("impedance", "impedance", 9191, "GRPC");
const ROUTES = files("gateway/gateway", "gateway/virtual-service", "gateway/destination-rule");

const CASES = [
  {
    name: "istio-gateway",
    resources: [...ROUTES, ...files("gateway/envoy-filter"), SERVER],
    proxy: GATEWAY,
  },
  {
    name: "istio-sidecar",
    resources: [...files("sidecar/envoy-filter", "sidecar/peer-authentication"), SERVER],
    proxy: SIDECAR,
  },
  {
    name: "istio-ext-authz",
    resources: [
      ...ROUTES,
      ...files("ext-authz/authorization-policy", "ext-authz/envoy-filter"),
      ...files("ext-authz/destination-rule"),
      ...[SERVER, IMPEDANCE],
    ],
    proxy: { ...GATEWAY, meshConfig: shipped("istio/ext-authz/mesh-config.yaml") },
  },
];

describe.skipIf(ISTIO_TRANSLATE === null)("Istio (needs istio-translate, which Go builds)", () => {
  test.each(CASES)("sends what is kept as $name", ({ name, resources, proxy }) => {
    const sent = ownPart(byIstio(resources, proxy));
    if (IS_UPDATE) keep(name, sent);
    if (IS_UPDATE) keepSources("istio");
    expect(sent).toEqual(kept(name));
  });

  test("puts the filter behind its own, and behind another EnvoyFilter's", () => {
    const other = shipped("istio/gateway/envoy-filter.yaml")
      .replace("  name: impedance\n", "  name: other\n")
      .replace("  priority: 100\n", "")
      .replace("name: envoy.filters.http.ext_proc\n", "name: other\n")
      .replace(
        "name: impedance\n          type: STRICT_DNS",
        "name: other\n          type: STRICT_DNS",
      );
    const authorization = JSON.stringify({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "callers", namespace: "istio-ingress" },
      spec: { action: "ALLOW", rules: [{ to: [{ operation: { methods: ["POST"] } }] }] },
    });
    const resources = [...ROUTES, ...files("gateway/envoy-filter"), SERVER, other, authorization];
    const names = byIstio(resources, GATEWAY)
      .listeners.flatMap(managersOf)
      .flatMap(({ httpFilters }) => httpFilters.map(({ name }: Json) => name));
    expect(names.indexOf("envoy.filters.http.rbac")).toBeGreaterThanOrEqual(0);
    expect(names.slice(-3)).toEqual([
      "other",
      "envoy.filters.http.ext_proc",
      "envoy.filters.http.router",
    ]);
  });

  test("has the filter in a sidecar on every port that speaks HTTP", () => {
    const { resources } = CASES[1] ?? { resources: [] };
    const managers = byIstio(resources, SIDECAR)
      .listeners.filter(({ name }) => name === "virtualInbound")
      .flatMap(managersOf);
    expect(managers.length).toBeGreaterThan(1);
    for (const { httpFilters } of managers) {
      expect(httpFilters.at(-2).name).toBe("envoy.filters.http.ext_proc");
    }
  });

  test("refuses a value of another type, and leaves out a field that it does not know", () => {
    const changed = (from: string, to: string) =>
      files("gateway/envoy-filter").map((text) => text.replace(from, to));
    const translate = (resources: readonly string[]) =>
      byIstio([...ROUTES, ...resources, SERVER], GATEWAY);
    expect(() => translate(changed("message_timeout: 30s", "message_timeout: soon"))).toThrow(
      /bad Duration/,
    );
    // So what it made of each field is what is compared with bootstrap.yaml (manifests.test.ts).
    const { listeners } = translate(changed("message_timeout", "mesage_timeout"));
    expect(JSON.stringify(listeners)).not.toMatch(/mesage_?timeout/i);
  });
});

/** Without what a sidecar has for the calls of its own application. */
function ownPart(sent: ReturnType<typeof byIstio>): ReturnType<typeof byIstio> {
  const listeners = sent.listeners.filter(({ trafficDirection, name }) =>
    name === "virtualInbound" || name.endsWith("_443") ? trafficDirection !== undefined : false,
  );
  for (const listener of listeners) {
    for (const manager of managersOf(listener)) delete manager.tracing;
  }
  const clusters = sent.clusters.filter(({ name }) => !/Passthrough|BlackHole/.test(name));
  return { ...sent, listeners, clusters };
}

function files(...names: readonly string[]): readonly string[] {
  return names.map((name) => shipped(`istio/${name}.yaml`));
}

function service(name: string, namespace: string, number: number, protocol: string): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace },
    spec: {
      hosts: [`${name}.${namespace}.svc.cluster.local`],
      addresses: ["10.0.0.1"],
      ports: [{ number, name: protocol.toLowerCase(), protocol }],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      endpoints: [{ address: "127.0.0.1", labels: { "app.kubernetes.io/name": name } }],
    },
  });
}

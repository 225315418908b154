/** What Envoy Gateway's own translation makes of our files. */

import { describe, expect, test } from "vitest";
import { AUTHORITY_PEM, LOCALHOST } from "../../support/certificates.ts";
import { type Json, managersOf } from "../../support/mesh/sent.ts";
import {
  byEnvoyGateway,
  EGCTL,
  keep,
  keepSources,
  kept,
  shipped,
} from "../../support/mesh/translated.ts";

const IS_UPDATE = process.env.UPDATE_GOLDEN === "1";
const FOLDER = "envoy-gateway";
const FILTER = "envoy.filters.http.ext_proc/envoyextensionpolicy/gateway/impedance/extproc/0";
/** As docs/mesh/ai-gateway.md says. */
const AI_GATEWAY_ROUTE = "httproute/gateway/ai-eg-mcp-main-mcp/rule/0/match/0/mcp_example_com";
const FILES = [
  ...["gateway-class", "envoy-proxy", "gateway", "backend-files", "backend-impedance"],
  ...["http-route", "backend-traffic-policy", "client-traffic-policy"],
];

describe.skipIf(EGCTL === null)("Envoy Gateway (needs egctl)", { timeout: 120_000 }, () => {
  test("is sent what is kept", () => {
    const { sent, complaints } = byEnvoyGateway(
      resources("envoy-extension-policy", "envoy-patch-policy"),
    );
    expect(complaints).toEqual([]);
    if (IS_UPDATE) keep("envoy-gateway", sent);
    if (IS_UPDATE) keepSources(FOLDER);
    expect(sent).toEqual(kept("envoy-gateway"));
  });

  test("is sent what is kept, for ext_authz", () => {
    const { sent, complaints } = byEnvoyGateway(
      resources("ext-authz/security-policy", "ext-authz/envoy-patch-policy"),
    );
    expect(complaints).toEqual([]);
    if (IS_UPDATE) keep("envoy-gateway-ext-authz", sent);
    expect(sent).toEqual(kept("envoy-gateway-ext-authz"));
  });

  test("has the filter where the patch is not in force, and behind those who check tokens", () => {
    const { sent } = byEnvoyGateway(resources("envoy-extension-policy", "security-policy"));
    const [listener] = sent.listeners;
    const names = managersOf(listener).flatMap(({ httpFilters }) =>
      httpFilters.map(({ name }: Json) => name),
    );
    expect(names).toEqual(["envoy.filters.http.jwt_authn", FILTER, "envoy.filters.http.router"]);
    const routes = sent.routes.flatMap(({ virtualHosts }) =>
      virtualHosts.flatMap((host: Json) => host.routes),
    );
    expect(routes.map(({ name }) => name)).toEqual([
      "httproute/gateway/mcp/rule/0/match/0/mcp_example_com",
    ]);
    for (const route of routes) expect(route.typedPerFilterConfig).toHaveProperty([FILTER]);
  });

  test("loses the filter on a route that has a policy of its own: see who may write one", () => {
    const own = JSON.stringify({
      apiVersion: "gateway.envoyproxy.io/v1alpha1",
      kind: "EnvoyExtensionPolicy",
      metadata: { name: "own", namespace: "gateway" },
      spec: {
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "mcp" }],
        lua: [{ type: "Inline", inline: "function envoy_on_request(handle) end" }],
      },
    });
    const { routes } = byEnvoyGateway([...resources("envoy-extension-policy"), own]).sent;
    expect(JSON.stringify(routes)).toContain("envoy.filters.http.lua");
    expect(JSON.stringify(routes)).not.toContain(FILTER);
  });

  test("has the filter on the route that Envoy AI Gateway makes of an MCPRoute", () => {
    const made = shipped(`${FOLDER}/http-route.yaml`)
      .replace("  name: mcp\n", "  name: ai-eg-mcp-main-mcp\n")
      .replace("    - name: files\n      matches", "    - matches")
      .replace("  hostnames: [mcp.example.com]\n", "");
    const given = resources("envoy-extension-policy").filter(
      (text) => !text.includes("HTTPRoute\n"),
    );
    const { routes } = byEnvoyGateway([...given, made]).sent;
    const found = routes.flatMap(({ virtualHosts }) =>
      virtualHosts.flatMap((host: Json) => host.routes),
    );
    expect(found.map(({ name }) => name)).toEqual([AI_GATEWAY_ROUTE]);
    expect(found[0].typedPerFilterConfig).toHaveProperty([FILTER]);
  });

  test.each([
    { title: "failOpen", from: "failOpen: false", to: "failOpen: true" },
    { title: "shadowMode", from: "shadowMode: false", to: "shadowMode: true" },
  ])("refuses $title", ({ from, to }) => {
    const changed = resources("envoy-extension-policy").map((text) => text.replace(from, to));
    expect(() => byEnvoyGateway(changed)).toThrow(/FullDuplexStreamed|must be Streamed/);
  });
});

function resources(...more: readonly string[]): readonly string[] {
  const files = [...FILES, ...more].map((name) => shipped(`${FOLDER}/${name}.yaml`));
  const namespace = "{ apiVersion: v1, kind: Namespace, metadata: { name: gateway } }";
  return [namespace, ...files, ...["mcp-example-com", "impedance-gateway-tls"].map(secret)];
}

/** Envoy Gateway refuses a listener without a certificate; none of it is in what is kept. */
function secret(name: string): string {
  const data = { "tls.crt": LOCALHOST.cert, "tls.key": LOCALHOST.key, "ca.crt": AUTHORITY_PEM };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "gateway" },
    type: "kubernetes.io/tls",
    data: Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    ),
  });
}

/** Every file of `envoy/`: what its API knows, and that it is the filter of `envoy/bootstrap.yaml`. */

import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { K8S, KUBECONFORM } from "../../support/k8s/manifests.ts";
import { type Json, managersOf } from "../../support/mesh/sent.ts";
import {
  ENVOY_FOLDER,
  kept,
  keptSources,
  shipped,
  sourcesIn,
} from "../../support/mesh/translated.ts";

const FILES = readdirSync(ENVOY_FOLDER, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".yaml"),
);
const RESOURCES = FILES.filter((name) => parse(shipped(name), { merge: true }).kind !== undefined);
/** Patches of Deployments that others wrote; a kind that `egctl` checks, of 140 KB of schema; others'. */
const UNCHECKED = /deployment\.yaml$|envoy-proxy\.yaml$|^(agentgateway|ai-gateway)\//;

test("each file holds one document, with a comment that says what it is for or must be decided", () => {
  for (const name of FILES) expect(parseAllDocuments(shipped(name)), name).toHaveLength(1);
  const bare = FILES.filter((name) => !/^\s*#/m.test(shipped(name)));
  expect(bare).toEqual(["envoy-gateway/gateway-class.yaml"]);
});

test.each(["istio", "envoy-gateway"])(
  "what is kept of %s was made of the files as they are (UPDATE_GOLDEN=1 npm run test:mesh)",
  (folder) => {
    expect(keptSources(folder)).toEqual(sourcesIn(folder));
  },
);

describe.skipIf(KUBECONFORM === null)("kubeconform (which Go builds)", () => {
  test.each(RESOURCES.filter((name) => !UNCHECKED.test(name)))(
    "finds no unknown field in %s",
    (name) => {
      const location = join(K8S, "schemas", "{{.ResourceKind}}{{.KindSuffix}}.json");
      const args = [
        "-strict",
        "-output",
        "json",
        "-schema-location",
        location,
        join(ENVOY_FOLDER, name),
      ];
      const found = execFileSync(KUBECONFORM ?? "", args, { encoding: "utf8" });
      expect(JSON.parse(found)).toEqual({ resources: [] });
    },
  );
});

test("nothing anywhere lets a call through when Impedance does not answer", () => {
  const opens: string[] = [];
  for (const name of FILES) {
    walk(parse(shipped(name), { merge: true }), (key, value) => {
      const isOpen = /^(failure_?mode_?allow|fail_?open|observability_?mode|shadow_?mode)$/i.test(
        key,
      );
      const isOptional = /^(allow_partial_message|allowPartialMessage|allow_mode_override)$/.test(
        key,
      );
      if ((isOpen || isOptional || key === "allowModeOverride") && value !== false)
        opens.push(name);
      if (key === "failureMode" && value !== "FailClosed" && value !== "failClosed")
        opens.push(name);
    });
  }
  expect(opens).toEqual([]);
});

const OWN = extProcIn(parse(shipped("bootstrap.yaml")).static_resources.listeners[0]);

/** Whether a replica that is not there is another's turn is for the mesh to say. */
const { retry_policy: _retries, ...ASKED_ONCE } = OWN.grpc_service;
const ONCE = { ...OWN, grpc_service: ASKED_ONCE };

test.each([
  { title: "xds/lds.yaml", filter: () => extProcIn(parse(shipped("xds/lds.yaml")).resources[0]) },
  {
    title: "compose/envoy.yaml",
    filter: () => extProcIn(parse(shipped("compose/envoy.yaml")).static_resources.listeners[0]),
  },
  ...["gateway", "sidecar"].map((form) => ({
    title: `what Istio makes of istio/${form}/`,
    filter: () => {
      const [{ httpFilters }] = kept(`istio-${form}`).listeners.flatMap(managersOf);
      return httpFilters.at(-2).typedConfig;
    },
  })),
  {
    title: "what Envoy Gateway makes of envoy-gateway/",
    filter: () => {
      const [listener] = kept("envoy-gateway").listeners;
      const [{ httpFilters }] = managersOf(listener);
      const [{ typedConfig }] = httpFilters;
      const { grpcService, ...rest } = typedConfig;
      expect(grpcService.timeout).toBe("0s");
      return { ...rest, grpcService: { envoyGrpc: { clusterName: "impedance" }, timeout: "0s" } };
    },
  },
])("the filter of $title is that of bootstrap.yaml, setting by setting", ({ title, filter }) => {
  expect(inOneForm(filter())).toEqual(inOneForm(/Istio|Envoy Gateway/.test(title) ? ONCE : OWN));
});

test.each(["xds", "compose"])(
  "apart from where things are, %s/ has what bootstrap.yaml has",
  (form) => {
    const own = parse(shipped("bootstrap.yaml"));
    const wanted = managerOf(own.static_resources.listeners[0]);
    const found =
      form === "xds"
        ? managerOf(parse(shipped("xds/lds.yaml")).resources[0])
        : managerOf(parse(shipped("compose/envoy.yaml")).static_resources.listeners[0]);
    const routes =
      form === "xds" ? parse(shipped("xds/rds.yaml")).resources[0] : found.route_config;
    const { "@type": _, ...routeConfig } = routes;
    const { rds: __, ...settings } = found;
    const text = (config: Json) =>
      JSON.stringify(inOneForm(config))
        .replaceAll("everything", "files")
        .replaceAll("127.0.0.1", "files");
    expect(text({ ...settings, route_config: routeConfig })).toBe(text(wanted));
  },
);

function managerOf(listener: Json): Json {
  return listener.filter_chains[0].filters[0].typed_config;
}

function extProcIn(listener: Json): Json {
  return managerOf(listener).http_filters[0].typed_config;
}

/** camelCase and snake_case, `{ value: true }` and `true`, and the order of keys are all one. */
function inOneForm(node: Json): Json {
  if (Array.isArray(node)) return node.map(inOneForm);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries<Json>(node);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "value") return only[1];
  return Object.fromEntries(
    entries
      .map(([key, value]) => [
        key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        inOneForm(value),
      ])
      // What is false or absent is the same to Envoy, and Envoy Gateway leaves it out.
      .filter(([, value]) => value !== false)
      .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
  );
}

function walk(node: Json, visit: (key: string, value: Json) => void): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (!Array.isArray(node)) visit(key, value);
    walk(value, visit);
  }
}

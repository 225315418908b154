/**
 * Writes k8s/schemas anew: one JSON Schema for each kind that our manifests use, as kubeconform
 * reads them, strict (no field that the API does not know). They come from the projects' own Go
 * modules, so that Go's checksum database vouches for them. Run by a maintainer, who commits the
 * result; tests and CI read what is there and need no network.
 *
 *   node scripts/kubernetes-schemas.mjs
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { run } from "./setup/child.mjs";
import { root } from "./setup/paths.mjs";

const output = join(root, "k8s", "schemas");

/** Built in: from the API server's own description. */
const kubernetes = {
  module: "k8s.io/kubernetes@v1.34.2",
  file: "api/openapi-spec/swagger.json",
  kinds: [
    ...["v1/ConfigMap", "v1/Namespace", "v1/Secret", "v1/Service", "v1/ServiceAccount"],
    ...["apps/v1/Deployment", "apps/v1/StatefulSet", "autoscaling/v2/HorizontalPodAutoscaler"],
    ...["networking.k8s.io/v1/NetworkPolicy", "policy/v1/PodDisruptionBudget"],
  ],
};

/** Custom resources: module, file, and of several in one file the kind, of several versions one. */
const custom = [
  [
    "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
  ],
  [
    "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
  ],
  ["github.com/cert-manager/cert-manager@v1.19.1", "deploy/crds/cert-manager.io_certificates.yaml"],
  ["github.com/cert-manager/cert-manager@v1.19.1", "deploy/crds/cert-manager.io_issuers.yaml"],
  [
    "github.com/openshift/api@v0.0.0-20251106190826-ebe535b08719",
    "route/v1/zz_generated.crd-manifests/routes.crd.yaml",
  ],
  ...["EnvoyFilter", "Gateway", "VirtualService", "DestinationRule"]
    .concat(["AuthorizationPolicy", "PeerAuthentication"])
    .map((kind) => [
      "istio.io/api@v1.31.1",
      "kubernetes/customresourcedefinitions.gen.yaml",
      kind,
      kind === "EnvoyFilter" ? "v1alpha3" : "v1",
    ]),
  ...["envoyextensionpolicies", "securitypolicies", "backendtrafficpolicies", "envoypatchpolicies"]
    .concat(["clienttrafficpolicies", "backends"])
    .map((kind) => [
      "github.com/envoyproxy/gateway@v1.9.1",
      `charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_${kind}.yaml`,
    ]),
  ...["gatewayclasses", "gateways", "httproutes", "referencegrants"].map((kind) => [
    "sigs.k8s.io/gateway-api@v1.4.0",
    `config/crd/standard/gateway.networking.k8s.io_${kind}.yaml`,
    undefined,
    kind === "referencegrants" ? "v1beta1" : "v1",
  ]),
];

/** Keywords whose schemas speak of the same object once more. */
const BRANCHES = new Set(["allOf", "anyOf", "oneOf", "not"]);

await main();

async function main() {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const { definitions } = JSON.parse(await read(kubernetes));
  for (const kind of kubernetes.kinds) write(kind, builtIn(kind, definitions));
  for (const [module, file, only, version] of custom) {
    const text = (await read({ module, file })).replaceAll(/^\{\{.*\}\}\s*$/gm, "");
    for (const document of parseAllDocuments(text)) {
      const crd = document.toJS();
      if (crd?.kind === "CustomResourceDefinition") writeCustom(crd, only, version);
    }
  }
}

async function read({ module, file }) {
  const { code, stdout, stderr } = await run("go", ["mod", "download", "-json", module], {
    capture: true,
  });
  if (code !== 0) throw new Error(`go mod download ${module}: ${stdout}${stderr}`);
  return readFileSync(join(JSON.parse(stdout).Dir, file), "utf8");
}

function writeCustom({ spec: { group, names, versions } }, only, version) {
  if (only !== undefined && names.kind !== only) return;
  for (const { name, schema, served } of versions) {
    if (!served || (version ?? name) !== name) continue;
    const properties = { apiVersion: { type: "string" }, kind: { type: "string" } };
    const { openAPIV3Schema: given } = schema;
    const metadata = { type: "object" };
    const whole = { ...given, properties: { ...given.properties, ...properties, metadata } };
    write(`${group}/${name}/${names.kind}`, strict(whole));
  }
}

/** As kubeconform looks for it: kind-group-version, the group's first label alone, in lower case. */
function write(kind, schema) {
  const parts = kind.split("/");
  const name = parts.at(-1);
  const version = parts.at(-2);
  const group = parts.length === 3 ? `-${parts[0].split(".")[0]}` : "";
  const file = `${name}${group}-${version}.json`.toLowerCase();
  writeFileSync(join(output, file), `${JSON.stringify(schema)}\n`);
  console.error(`schemas: ${file}`);
}

function builtIn(kind, definitions) {
  const parts = kind.split("/");
  const [name, version, group = ""] = parts.reverse();
  const found = Object.values(definitions).find((definition) =>
    definition["x-kubernetes-group-version-kind"]?.some(
      (each) => each.group === group && each.version === version && each.kind === name,
    ),
  );
  if (found === undefined) throw new Error(`${kind} is not in ${kubernetes.module}`);
  return strict(inlined(found, definitions));
}

/** With every reference replaced by what it means. */
function inlined(schema, definitions) {
  if (Array.isArray(schema)) return schema.map((each) => inlined(each, definitions));
  if (typeof schema !== "object" || schema === null) return schema;
  if (typeof schema.$ref === "string") {
    const name = schema.$ref.replace("#/definitions/", "");
    if (name.endsWith(".IntOrString")) return { oneOf: [{ type: "string" }, { type: "integer" }] };
    if (name.endsWith(".Quantity")) return { oneOf: [{ type: "string" }, { type: "number" }] };
    return inlined(definitions[name], definitions);
  }
  const entries = Object.entries(schema).map(([key, value]) => [key, inlined(value, definitions)]);
  return Object.fromEntries(entries);
}

/** Without words for people, and with nothing allowed that is not named. */
function strict(schema, isClosed = true) {
  if (Array.isArray(schema)) return schema.map((each) => strict(each, isClosed));
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => !isLeftOut(key, schema));
  const made = Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === "properties") return [key, properties(value, isClosed)];
      // A branch says more of the same object: it does not name all of its fields.
      return [key, strict(value, isClosed && !BRANCHES.has(key))];
    }),
  );
  if (schema["x-kubernetes-int-or-string"]) delete made.type;
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const namesAll = made.properties !== undefined && made.additionalProperties === undefined;
  return isClosed && namesAll && !isOpen ? { ...made, additionalProperties: false } : made;
}

function properties(named, isClosed) {
  const entries = Object.entries(named);
  return Object.fromEntries(entries.map(([name, schema]) => [name, strict(schema, isClosed)]));
}

function isLeftOut(key, schema) {
  if (schema[key] === null) return true;
  if (key === "format") return schema.type !== "string" || schema.format === "int-or-string";
  return key === "description" || key === "default" || key === "example" || key.startsWith("x-");
}

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { findTool } from "../tool.ts";
import type { Json, Sent } from "./sent.ts";

/** Null where there is none, as without Go: then what needs it is skipped, and says so. */
export const EGCTL = findTool("egctl", "IMPEDANCE_EGCTL");
export const ISTIO_TRANSLATE = findTool("istio-translate", "IMPEDANCE_ISTIO_TRANSLATE");

export const ENVOY_FOLDER = fileURLToPath(new URL("../../../envoy/", import.meta.url));
const GOLDEN = fileURLToPath(new URL("../../golden/mesh/", import.meta.url));

/** A file below `envoy/`, as shipped. */
export function shipped(name: string): string {
  return readFileSync(join(ENVOY_FOLDER, name), "utf8");
}

/** What was translated before, and is kept: it runs where the translator cannot be had. */
export function kept(name: string): Sent {
  return parse(readFileSync(join(GOLDEN, `${name}.yaml`), "utf8")) as Sent;
}

export function keep(name: string, sent: Sent): void {
  const head = "# Written by UPDATE_GOLDEN=1 vitest run test/unit/mesh; read by test/e2e/mesh.\n";
  writeFileSync(join(GOLDEN, `${name}.yaml`), head + stringify(sent, { sortMapEntries: true }));
}

/** Digests of the files that a control plane is given, by what they say: comments may change. */
export function sourcesIn(folder: string): { readonly [file: string]: string } {
  const names = readdirSync(join(ENVOY_FOLDER, folder), { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".yaml")).sort();
  return Object.fromEntries(
    files.map((name) => {
      const said = JSON.stringify(parse(shipped(join(folder, name)), { merge: true }));
      return [name, createHash("sha256").update(said).digest("hex")];
    }),
  );
}

/** Of which files the translations that are kept were made. */
export function keptSources(folder: string): { readonly [file: string]: string } {
  return JSON.parse(readFileSync(join(GOLDEN, `${folder}.sources.json`), "utf8"));
}

export function keepSources(folder: string): void {
  const text = JSON.stringify(sourcesIn(folder), null, 2);
  writeFileSync(join(GOLDEN, `${folder}.sources.json`), `${text}\n`);
}

/** A translation, and what became of each resource on the way. */
export interface Translation {
  readonly sent: Sent;
  /** What the control plane says of a resource that it does not take, or takes in part. */
  readonly complaints: readonly string[];
}

/** What Envoy Gateway makes of resources, by `egctl experimental translate`. */
export function byEnvoyGateway(resources: readonly string[]): Translation {
  const all = withFile(resources.join("\n---\n"), (file) => {
    const args = ["experimental", "translate", "--from", "gateway-api", "--to", "gateway-api,xds"];
    const options = { encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" } as const;
    return JSON.parse(execFileSync(EGCTL ?? "egctl", [...args, "-o", "json", "-f", file], options));
  });
  const [dump] = Object.values<Json>(all.xds);
  const configs = new Map<string, Json>(
    dump.configs.map((each: Json) => [each["@type"].replace(/^.*\./, ""), each]),
  );
  const runtime = configs
    .get("BootstrapConfigDump")
    .bootstrap.layeredRuntime.layers.map(({ staticLayer }: Json) => staticLayer);
  return {
    complaints: complaintsIn(all),
    sent: {
      listeners: configs
        .get("ListenersConfigDump")
        .dynamicListeners.map(({ activeState }: Json) => withoutType(activeState.listener))
        .filter(({ name }: Json) => !name.startsWith("envoy-gateway-proxy-")),
      routes: configs
        .get("RoutesConfigDump")
        .dynamicRouteConfigs.map(({ routeConfig }: Json) => withoutType(routeConfig)),
      clusters: configs
        .get("ClustersConfigDump")
        .dynamicActiveClusters.map(({ cluster }: Json) => withoutType(cluster)),
      runtime: Object.assign({}, ...runtime),
    },
  };
}

/** Whose Envoy it is that Istio translates for. */
export interface IstioProxy {
  readonly type: "router" | "sidecar";
  readonly namespace: string;
  readonly labels: string;
  readonly meshConfig?: string;
}

/** What Istio's pilot makes of resources for one proxy, after the checks of its webhook. */
export function byIstio(resources: readonly string[], proxy: IstioProxy): Sent {
  const translated = withFile(resources.join("\n---\n"), (file) =>
    withFile(proxy.meshConfig ?? "{}", (meshFile) => {
      const args = ["-file", file, "-mesh", meshFile, "-type", proxy.type];
      args.push("-namespace", proxy.namespace, "-labels", proxy.labels);
      const options = { encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" } as const;
      return JSON.parse(execFileSync(ISTIO_TRANSLATE ?? "istio-translate", args, options));
    }),
  );
  const { listeners, routes, clusters } = translated;
  return { listeners, routes, clusters, runtime: {} };
}

function withFile<T>(content: string, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "impedance-mesh-"));
  try {
    const file = join(folder, "resources.yaml");
    writeFileSync(file, content);
    return use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function withoutType({ "@type": _, ...rest }: Json): Json {
  return rest;
}

/** Conditions that are not true, wherever a resource's status has them. */
function complaintsIn(node: Json): string[] {
  if (typeof node !== "object" || node === null) return [];
  const own: readonly Json[] = Array.isArray(node.conditions) ? node.conditions : [];
  const bad = own
    .filter(({ status, type }) => status !== "True" || type === "Warning")
    .map(({ type, reason, message }) => `${type}: ${reason}: ${message}`);
  return [...bad, ...Object.values(node).flatMap(complaintsIn)];
}

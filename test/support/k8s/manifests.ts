import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { findTool } from "../tool.ts";

/** Null where there is none, as without Go: then what needs it is skipped, and says so. */
export const KUSTOMIZE = findTool("kustomize", "IMPEDANCE_KUSTOMIZE");
export const KUBECONFORM = findTool("kubeconform", "IMPEDANCE_KUBECONFORM");

/** A resource as kustomize gives it: what a test reads of it is the test's to check. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
  };
  // biome-ignore lint/suspicious/noExplicitAny: Kubernetes' own shapes, which kubeconform checks
  readonly spec?: any;
  /** Of a ConfigMap. */
  readonly data?: { readonly [name: string]: string };
}

export interface Labels {
  readonly [name: string]: string;
}

export const K8S = fileURLToPath(new URL("../../../k8s", import.meta.url));

/** What `kustomize build` makes of a folder below `k8s/`; nothing where there is no kustomize. */
export function build(folder: string): { readonly text: string; readonly all: Manifest[] } {
  if (KUSTOMIZE === null) return { text: "", all: [] };
  const text = execFileSync(KUSTOMIZE, ["build", join(K8S, folder)], { encoding: "utf8" });
  return { text, all: parseAllDocuments(text).map((each) => each.toJS() as Manifest) };
}

/** The pods that a resource makes; null for those that make none. */
export function podOf({ kind, spec }: Manifest): Manifest["spec"] | null {
  if (kind === "Pod") return spec;
  return kind === "Deployment" || kind === "StatefulSet" ? spec.template.spec : null;
}

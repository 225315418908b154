/**
 * What checks the Kubernetes manifests: kustomize and kubeconform, each from its environment
 * variable, else PATH, else built by Go from the module in `manifests/`, whose go.sum pins their
 * sources.
 */

import { join } from "node:path";
import { findBinary, rejectedInPath, requireInstalled } from "./binary.mjs";
import { step } from "./failure.mjs";
import { makeWithGo } from "./go.mjs";
import { root, toolsBinDirectory } from "./paths.mjs";

const moduleDirectory = join(root, "scripts", "setup", "manifests");

export const kustomize = goTool({
  name: "kustomize",
  variable: "IMPEDANCE_KUSTOMIZE",
  command: "kustomize",
  module: "sigs.k8s.io/kustomize/kustomize/v5",
  wanted: "5",
  versionArgs: ["version"],
  versionPattern: /^v(\d+)\.(\d+)\.(\d+)/m,
  accepts: (version) => version?.[0] === 5,
});

/** A build by Go says that it is "development", and no number. */
export const kubeconform = goTool({
  name: "kubeconform",
  variable: "IMPEDANCE_KUBECONFORM",
  command: "kubeconform",
  module: "github.com/yannh/kubeconform/cmd/kubeconform",
  wanted: "0.6 or newer",
  versionArgs: ["-v"],
  versionPattern: /^(?:v?(\d+)\.(\d+)\.(\d+)|development)/m,
  accepts: (version) => version !== undefined,
});

function goTool({ module, ...described }) {
  const tool = {
    ...described,
    find: () => findBinary(tool),
    async install() {
      step(`${tool.name}: building with Go, half a minute the first time`);
      await makeWithGo({
        name: tool.name,
        directory: moduleDirectory,
        verb: "install",
        args: [module],
        tried: rejectedInPath(tool),
        remedy: `install Go 1.26, or set ${tool.variable} to a ${tool.command} ${tool.wanted}`,
      });
      return requireInstalled(tool, join(toolsBinDirectory, tool.command));
    },
  };
  return tool;
}

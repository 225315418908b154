/**
 * What checks the Kubernetes manifests: kustomize and kubeconform, each from its environment
 * variable, else PATH, else built by Go from the module in `manifests/`, whose go.sum pins their
 * sources.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findBinary, rejectedInPath, requireInstalled } from "./binary.mjs";
import { run } from "./child.mjs";
import { lastLines, SetupFailure, step } from "./failure.mjs";
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
      mkdirSync(toolsBinDirectory, { recursive: true });
      await build(tool, module);
      return requireInstalled(tool, join(toolsBinDirectory, tool.command));
    },
  };
  return tool;
}

async function build(tool, module) {
  const tried = rejectedInPath(tool);
  const args = ["install", "-mod=readonly", "-buildvcs=false", "-trimpath", module];
  const environment = { ...process.env, GOBIN: toolsBinDirectory, GOWORK: "off", CGO_ENABLED: "0" };
  try {
    const options = { capture: true, cwd: moduleDirectory, env: environment };
    const { code, stderr } = await run("go", args, options);
    if (code === 0) return;
    tried.push(`go ${args.join(" ")}: ${lastLines(stderr)}`);
  } catch (error) {
    tried.push(`go: ${error.message}`);
  }
  const remedy = `install Go 1.26, or set ${tool.variable} to a ${tool.command} ${tool.wanted}`;
  throw new SetupFailure(`${tool.name} is missing`, { tried, remedy });
}

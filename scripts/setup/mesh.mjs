/**
 * What translates resources of a mesh into what its control plane would send to Envoy: `egctl` of
 * Envoy Gateway, and Istio's own pilot behind a command line of ours. Each from its environment
 * variable, else PATH, else built by Go from the module beside these scripts, whose go.sum pins its
 * sources. Without Go the tests that translate are skipped; those that run what was translated are
 * not, for that is kept.
 */

import { join } from "node:path";
import { findBinary, rejectedInPath, requireInstalled } from "./binary.mjs";
import { step } from "./failure.mjs";
import { makeWithGo } from "./go.mjs";
import { root, toolsBinDirectory } from "./paths.mjs";

/** It tells its version only to who shows it a cluster; its help says who it is. */
export const egctl = translator({
  name: "egctl",
  variable: "IMPEDANCE_EGCTL",
  command: "egctl",
  target: "github.com/envoyproxy/gateway/cmd/egctl",
  wanted: "of Envoy Gateway 1.9",
  versionArgs: ["experimental", "translate", "--help"],
  versionPattern: /egctl experimental translate/,
});

export const istioTranslate = translator({
  name: "istio-translate",
  variable: "IMPEDANCE_ISTIO_TRANSLATE",
  command: "istio-translate",
  target: ".",
  wanted: "of this project",
  versionArgs: ["-version"],
  versionPattern: /^istio-translate (\d+)\.(\d+)\.(\d+)/m,
});

function translator({ target, ...described }) {
  const tool = {
    ...described,
    accepts: (version) => version !== undefined,
    find: () => findBinary(tool),
    async install() {
      const path = join(toolsBinDirectory, tool.command);
      step(`${tool.name}: building with Go, five to ten minutes the first time`);
      await makeWithGo({
        name: tool.name,
        directory: join(root, "scripts", "setup", tool.name === "egctl" ? "egctl" : "istio"),
        verb: "build",
        args: ["-ldflags", "-s -w", "-o", path, target],
        tried: rejectedInPath(tool),
        remedy: `install Go 1.26, or set ${tool.variable} to ${tool.command} ${tool.wanted}`,
      });
      return requireInstalled(tool, path);
    },
  };
  return tool;
}

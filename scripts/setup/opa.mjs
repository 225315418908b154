/**
 * The `opa` binary, which builds and tests the policy: from IMPEDANCE_OPA, else PATH, else built
 * by Go from the module in `opa/`, whose go.sum pins the source of OPA and of all it depends on.
 */

import { join } from "node:path";
import { findBinary, rejectedInPath, requireInstalled } from "./binary.mjs";
import { step } from "./failure.mjs";
import { makeWithGo } from "./go.mjs";
import { root, toolsBinDirectory } from "./paths.mjs";

const module = "github.com/open-policy-agent/opa";
const moduleDirectory = join(root, "scripts", "setup", "opa");
const supported = { major: 1, minor: 22 };

export const opa = {
  name: "opa",
  variable: "IMPEDANCE_OPA",
  command: "opa",
  wanted: "1.22 or a newer 1.x",
  versionArgs: ["version"],
  versionPattern: /^Version: (\d+)\.(\d+)\.(\d+)/m,

  accepts(version) {
    if (version === undefined) return false;
    const [major, minor] = version;
    return major === supported.major && minor >= supported.minor;
  },

  find() {
    return findBinary(opa);
  },

  async install() {
    const tried = rejectedInPath(opa);
    step("opa: building 1.22.0 with Go, a few minutes the first time");
    await makeWithGo({
      name: "opa",
      directory: moduleDirectory,
      verb: "install",
      args: [module],
      tried,
      remedy:
        "put opa 1.22 in PATH, or set IMPEDANCE_OPA to it, or install Go 1.26 (1.21 and newer fetch it)",
    });
    return requireInstalled(opa, join(toolsBinDirectory, opa.command));
  },
};

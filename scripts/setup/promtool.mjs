/**
 * Prometheus's own tool for rules, with which a test checks ours: from IMPEDANCE_PROMTOOL, else PATH,
 * else from Debian's packages.
 */

import { join } from "node:path";
import { findBinary } from "./binary.mjs";
import { installFromDebian, quoted } from "./debian.mjs";
import { toolsDirectory } from "./paths.mjs";

const home = join(toolsDirectory, "prometheus");

const launcher = `#!/bin/sh
exec ${quoted(join(home, "usr", "bin", "promtool"))} "$@"
`;

export const promtool = {
  name: "promtool",
  variable: "IMPEDANCE_PROMTOOL",
  command: "promtool",
  wanted: "2.40 or newer",
  versionArgs: ["--version"],
  versionPattern: /version v?(\d+)\.(\d+)\.(\d+)/,

  accepts(version) {
    return version !== undefined && (version[0] > 2 || (version[0] === 2 && version[1] >= 40));
  },

  find() {
    return findBinary(promtool);
  },

  install() {
    return installFromDebian(promtool, {
      packages: ["prometheus"],
      home,
      launcher,
      size: "20 MB",
      remedy: "put promtool of Prometheus 2.40 or newer in PATH, or set IMPEDANCE_PROMTOOL to it",
    });
  },
};

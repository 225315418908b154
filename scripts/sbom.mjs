/**
 * What the product is made of, as CycloneDX 1.6 on standard output: every package that the lock file
 * pins, but for those of development. The same lock makes the same list, to the byte; a release sets
 * SOURCE_DATE_EPOCH for the time in it.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { lockFile } from "./setup/paths.mjs";

const { packages } = JSON.parse(readFileSync(lockFile, "utf8"));
const paths = Object.keys(packages).filter((path) => path !== "" && packages[path].dev !== true);

const root = componentOf("", "application");
const components = unique(paths.map((path) => componentOf(path, "library"))).sort(byReference);
const dependencies = mergedDependencies(["", ...paths]);
const content = { components, dependencies };

const list = {
  $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  serialNumber: serialOf(JSON.stringify([root, content])),
  version: 1,
  metadata: { ...timestamp(), lifecycles: [{ phase: "pre-build" }], component: root },
  ...content,
};
process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);

function componentOf(path, type) {
  const { version, integrity, license, optional } = packages[path];
  return {
    type,
    "bom-ref": referenceOf(path),
    name: nameOf(path),
    version,
    purl: referenceOf(path),
    scope: optional === true ? "optional" : "required",
    ...(integrity === undefined ? {} : { hashes: [hashOf(integrity)] }),
    licenses: [licenseOf(license)],
  };
}

/** Where an alias stands in the folder, the package's own name is in the entry. */
function nameOf(path) {
  return packages[path].name ?? path.slice(path.lastIndexOf("node_modules/") + 13);
}

/** https://github.com/package-url/purl-spec: the @ of a scope is encoded. */
function referenceOf(path) {
  return `pkg:npm/${nameOf(path).replace(/^@/, "%40")}@${packages[path].version}`;
}

function hashOf(integrity) {
  const [, digest] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  if (digest === undefined) throw new Error("a package is pinned by something other than SHA-512");
  return { alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") };
}

function licenseOf(license) {
  if (typeof license !== "string") throw new Error("a package names no license");
  if (/^[A-Za-z0-9.+-]+$/.test(license)) return { license: { id: license } };
  return / (?:AND|OR|WITH) /.test(license)
    ? { expression: license }
    : { license: { name: license } };
}

/** One package at several places of the tree is one component. */
function unique(all) {
  const found = new Map();
  for (const one of all) {
    const known = found.get(one["bom-ref"]);
    if (known === undefined || known.scope === "optional") found.set(one["bom-ref"], one);
  }
  return [...found.values()];
}

function mergedDependencies(all) {
  const needs = new Map();
  for (const path of all) {
    const reference = referenceOf(path);
    const known = needs.get(reference) ?? new Set();
    for (const needed of neededBy(path)) known.add(needed);
    needs.set(reference, known);
  }
  return [...needs]
    .map(([ref, on]) => ({ ref, dependsOn: [...on].sort() }))
    .sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

/** Where Node would find each: beside it, or beside one of those that it lies in. */
function neededBy(path) {
  const { dependencies = {}, optionalDependencies = {} } = packages[path];
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  return names.flatMap((name) => {
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
      const candidate = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
      if (packages[candidate] !== undefined) return [referenceOf(candidate)];
      if (at === "") return [];
    }
  });
}

function byReference(a, b) {
  return a["bom-ref"] < b["bom-ref"] ? -1 : 1;
}

/** RFC 9562, version 8: made of the content, so that another list has another number. */
function serialOf(text) {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;
}

function timestamp() {
  const seconds = process.env.SOURCE_DATE_EPOCH;
  if (seconds === undefined) return {};
  return { timestamp: new Date(Number(seconds) * 1000).toISOString() };
}

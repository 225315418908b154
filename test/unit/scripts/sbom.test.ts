/** `npm run sbom`: what runs, as the lock file pins it, and nothing else. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

interface Component {
  readonly type: string;
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope: "required" | "optional";
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
}

interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Entry {
  readonly version: string;
  readonly integrity: string;
  readonly dev?: boolean;
}

const LOCK = readJson("package-lock.json") as {
  readonly packages: { readonly [at: string]: Entry };
};
const PACKAGE = readJson("package.json") as {
  readonly dependencies: { readonly [name: string]: string };
  readonly devDependencies: { readonly [name: string]: string };
  readonly optionalDependencies: { readonly [name: string]: string };
};
const text = sbom();
const bom = JSON.parse(text) as Bom;
const names = bom.components.map(({ name }) => name);

test("is CycloneDX 1.6, with each reference once, and all that are named", () => {
  const { bomFormat, specVersion, serialNumber, metadata, components, dependencies } = bom;
  expect({ bomFormat, specVersion }).toEqual({ bomFormat: "CycloneDX", specVersion: "1.6" });
  expect(serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const references = [metadata.component, ...components].map((each) => each["bom-ref"]);
  expect(new Set(references).size).toBe(references.length);
  expect(dependencies.map(({ ref }) => ref).sort()).toEqual([...references].sort());
  const named = new Set(dependencies.flatMap(({ dependsOn }) => dependsOn));
  // All but the product itself are there because something needs them.
  expect([...named].sort()).toEqual(references.filter((each) => each !== references[0]).sort());
});

test("lists what the lock file pins for those who run it, by its hash", () => {
  const pinned = Object.entries(LOCK.packages)
    .filter(([at, { dev }]) => at !== "" && dev !== true)
    .map(([at, { version, integrity }]) => {
      const name = at.slice(at.lastIndexOf("node_modules/") + "node_modules/".length);
      return `${name} ${version} ${integrity}`;
    });
  const listed = bom.components.map(({ name, version, hashes }) => {
    const [hash] = hashes;
    expect(hash?.alg).toBe("SHA-512");
    const digest = Buffer.from(hash?.content ?? "", "hex").toString("base64");
    return `${name} ${version} sha512-${digest}`;
  });
  expect(listed.sort()).toEqual([...new Set(pinned)].sort());
});

test("has each dependency of ours, and none that is for development alone", () => {
  expect(names).toEqual(expect.arrayContaining(Object.keys(PACKAGE.dependencies)));
  for (const name of ["vitest", "typescript", "@biomejs/biome"]) {
    expect(Object.keys(PACKAGE.devDependencies)).toContain(name);
    expect(names).not.toContain(name);
  }
  const optional = bom.components.filter(({ scope }) => scope === "optional");
  const wanted = Object.keys(PACKAGE.optionalDependencies);
  expect(optional.map(({ name }) => name).sort()).toEqual(wanted.sort());
});

test("names a license for each, and a package URL in which a scope is encoded", () => {
  for (const { name, version, purl, licenses } of bom.components) {
    expect(licenses[0]?.license.id).toMatch(/^[A-Za-z0-9.+-]+$/);
    expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${version}`);
  }
});

test("is the same to the byte, but for the time of a release", () => {
  expect(sbom()).toBe(text);
  const released = JSON.parse(sbom({ SOURCE_DATE_EPOCH: "1700000000" })) as Bom;
  expect(released.metadata.timestamp).toBe("2023-11-14T22:13:20.000Z");
  expect(bom.metadata.timestamp).toBeUndefined();
  expect(released.serialNumber).toBe(bom.serialNumber);
});

function sbom(environment: { readonly [name: string]: string } = {}): string {
  const env = { PATH: process.env.PATH, ...environment };
  const args = [join(ROOT, "scripts", "sbom.mjs")];
  return execFileSync(process.execPath, args, { encoding: "utf8", env });
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, name), "utf8"));
}

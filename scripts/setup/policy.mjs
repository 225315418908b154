/**
 * The policy bundle, compiled to WebAssembly from the sources under `rego/` and built again when
 * one of them changed. Its revision is the digest of those sources, so that every decision log
 * names exactly the policy that decided.
 */

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import { run } from "./child.mjs";
import { ensure } from "./ensure.mjs";
import { lastLines, SetupFailure, step } from "./failure.mjs";
import { opa } from "./opa.mjs";
import { packagesBinDirectory, policyDirectory, policySources, root } from "./paths.mjs";

const bundle = join(policyDirectory, "bundle.tar.gz");
const builtFrom = join(policyDirectory, "bundle.revision");
/** What makes a bundle of the sources: another builder makes another bundle. */
const builder = [
  "asked-module",
  "build",
  "compile",
  "plan-reads",
  "plan",
  "spelt-metadata",
  "stage",
].map((name) => join(root, "src", "server", "workbench", `${name}.ts`));

export const policy = {
  name: "policy",

  find() {
    if (!existsSync(bundle) || !existsSync(builtFrom)) return undefined;
    return readFileSync(builtFrom, "utf8").trim() === revision() ? bundle : undefined;
  },

  async install() {
    const compiler = await ensure(opa);
    step("policy: compiling rego/ to WebAssembly");
    mkdirSync(policyDirectory, { recursive: true });
    const built = revision();
    const draft = `${bundle}.${process.pid}`;
    try {
      await compile(compiler, built, draft);
      renameSync(draft, bundle);
    } finally {
      rmSync(draft, { force: true });
    }
    replaceFile(builtFrom, `${built}\n`);
    return bundle;
  },
};

/** As `impedance policy build` does it: what ships is built in one way with what anybody adds. */
async function compile(compiler, built, output) {
  const args = [join(root, "src", "main.ts"), "policy", "build"];
  args.push("--output", output, "--revision", built);
  const environment = { ...process.env, IMPEDANCE_OPA: compiler };
  const { code, stdout, stderr } = await run(node(), args, { capture: true, env: environment });
  if (code === 0) return;
  throw new SetupFailure("the policy does not compile", {
    remedy: `correct what opa names:\n${lastLines(stderr || stdout, 40).replaceAll(" | ", "\n")}`,
  });
}

/** The pinned one where there is one: the Node that runs this may be too old for TypeScript. */
function node() {
  const pinned = join(packagesBinDirectory, "node");
  return existsSync(pinned) ? pinned : process.execPath;
}

/** `sha256:…` over the name and content of every source, tests aside, and of what builds them. */
function revision() {
  const digest = createHash("sha256");
  for (const file of sources()) {
    const name = relative(policySources, file).split(sep).join("/");
    const content = readFileSync(file);
    digest.update(`${name}\0${content.length}\0`).update(content);
  }
  return `sha256:${digest.digest("hex")}`;
}

function sources() {
  if (!existsSync(policySources)) {
    throw new SetupFailure("there is no policy to compile", {
      remedy: `put its sources into ${policySources}`,
    });
  }
  return readdirSync(policySources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith("_test.rego"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
    .concat(builder);
}

function replaceFile(path, content) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

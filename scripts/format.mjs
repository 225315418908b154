/** Formats all that a formatter decides: TypeScript and JSON by Biome, Rego by opa. */

import { run } from "./setup/child.mjs";
import { root } from "./setup/paths.mjs";

const opa = process.env.IMPEDANCE_OPA ?? "opa";
const options = { cwd: root, stdio: "inherit" };

const codes = [
  (await run("biome", ["check", "--write"], options)).code,
  (await run(opa, ["fmt", "--write", "rego"], options)).code,
];
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;

/** Where the set-up keeps things. Nothing of it is outside the checkout. */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(new URL(".", import.meta.url)), "../..");

export const lockFile = join(root, "package-lock.json");
export const packagesDirectory = join(root, "node_modules");
export const packagesBinDirectory = join(packagesDirectory, ".bin");

export const toolsDirectory = join(root, ".tools");
export const toolsBinDirectory = join(toolsDirectory, "bin");

export const policySources = join(root, "rego");
export const policyDirectory = join(root, "dist", "policy");

/**
 * Builds what the npm package holds: JavaScript from `src/`, and beside it every file that the
 * sources read. The compiled policy is in `dist/policy` already; paths relative to a source file
 * hold in both trees, because `dist/` mirrors `src/`.
 */

import { chmodSync, cpSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "./setup/child.mjs";
import { policyDirectory, root } from "./setup/paths.mjs";

const source = join(root, "src");
const output = join(root, "dist");

clean();
const { code } = await run("tsc", ["-p", "tsconfig.build.json"], { cwd: root });
if (code !== 0) process.exit(1);
cpSync(source, output, { recursive: true, filter: (path) => !path.endsWith(".ts") });
chmodSync(join(output, "main.js"), 0o755);

/** A module that was removed from `src/` must not live on in the package. */
function clean() {
  if (!statSync(output, { throwIfNoEntry: false })) return;
  for (const name of readdirSync(output)) {
    const path = join(output, name);
    if (path !== policyDirectory) rmSync(path, { recursive: true });
  }
}

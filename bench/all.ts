/**
 * `npm run bench`: first what the firewall costs over the network (its options go there), then what
 * it costs a stream, then what each padding scheme costs in bytes and still tells in bits.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const options = process.argv.slice(2);
const asked = options.includes("json") ? ["--format", "json"] : [];

process.exitCode = run("load.ts", options) || run("streams.ts", asked) || run("padding.ts", asked);

function run(name: string, args: readonly string[]): number {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: "inherit" });
  return status ?? 1;
}

import { fileURLToPath } from "node:url";

/** The scripts that `npx @modelcontextprotocol/…` would run. */
export const EVERYTHING_SCRIPT = scriptBeside(
  import.meta.resolve("@modelcontextprotocol/server-everything/package.json"),
);
export const FILESYSTEM_SCRIPT = scriptBeside(
  import.meta.resolve("@modelcontextprotocol/server-filesystem/package.json"),
);

function scriptBeside(manifest: string): string {
  return fileURLToPath(new URL("dist/index.js", manifest));
}

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const OWN = fileURLToPath(new URL("../../.tools/bin", import.meta.url));

/** A program that a test may do without: what `variable` names, else PATH, else our own; or null. */
export function findTool(command: string, variable: string): string | null {
  const named = process.env[variable];
  if (named !== undefined) return named;
  const folders = [...(process.env.PATH ?? "").split(delimiter), OWN];
  return folders.map((folder) => join(folder, command)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder, from `src/cli/envoy` as from `dist/cli/envoy`. */
const PACKAGE_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * The Envoy binary: what `IMPEDANCE_ENVOY` names, else `.tools/bin/envoy` of this package, else the
 * first on `PATH`. Throws a message that says how to supply one.
 */
export function locateEnvoy(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment.IMPEDANCE_ENVOY;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`IMPEDANCE_ENVOY is ${named}, which is no executable file`);
  }
  const own = join(PACKAGE_ROOT, ".tools", "bin", "envoy");
  const found = [own, ...pathEntries(environment, "envoy")].find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    "Envoy not found. In a clone `npm run setup` fetches it; or put envoy 1.40 or later on PATH, " +
      "or name it: IMPEDANCE_ENVOY=/path/to/envoy",
  );
}

/** The first executable of this name on `PATH`; undefined when there is none. */
export function locateOnPath(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return pathEntries(environment, name).find(isExecutable);
}

function pathEntries(environment: NodeJS.ProcessEnv, name: string): string[] {
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

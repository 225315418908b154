import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder that holds `proto/`, `envoy/` and `dist/`: of the clone, the image or the package. */
export function packagePath(path: string): string {
  // Two folders up, from `src/server` and from `dist/server` alike.
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export function packageVersion(): string {
  const text = readFileSync(packagePath("package.json"), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

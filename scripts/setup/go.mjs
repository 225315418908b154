/** Tools that Go makes from a module of ours beside these scripts, whose go.sum pins their sources. */

import { mkdirSync } from "node:fs";
import { run } from "./child.mjs";
import { lastLines, SetupFailure } from "./failure.mjs";
import { toolsBinDirectory } from "./paths.mjs";

/** Reproducible, and with nothing but what go.sum names. */
const flags = ["-mod=readonly", "-buildvcs=false", "-trimpath"];

/**
 * Runs `go install` or `go build` in `directory`, into our own folder of tools. What was tried and
 * what is to be done stand in the failure.
 */
export async function makeWithGo({ name, directory, verb, args, tried, remedy }) {
  mkdirSync(toolsBinDirectory, { recursive: true });
  const all = [verb, ...flags, ...args];
  const environment = { ...process.env, GOBIN: toolsBinDirectory, GOWORK: "off", CGO_ENABLED: "0" };
  try {
    const options = { capture: true, cwd: directory, env: environment };
    const { code, stderr } = await run("go", all, options);
    if (code === 0) return;
    tried.push(`go ${all.join(" ")}: ${lastLines(stderr)}`);
  } catch (error) {
    tried.push(`go: ${error.message}`);
  }
  throw new SetupFailure(`${name} is missing`, { tried, remedy });
}

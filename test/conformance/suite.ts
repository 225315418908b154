import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** One check of one scenario, as the suite reports it. */
export interface Check {
  readonly scenario: string;
  readonly id: string;
  /** Several checks of a scenario may have one id: names tell them apart. */
  readonly name: string;
  readonly status: string;
  /** Why it failed; empty if it did not. */
  readonly message: string;
}

/** A run of the official suite against a server. */
export interface Suite {
  /** As `package.json` names it. */
  readonly package: "conformance-0.1" | "conformance-0.2";
  readonly arguments: readonly string[];
}

const require = createRequire(import.meta.url);
const ENTRIES: { readonly [name in Suite["package"]]: string } = {
  "conformance-0.1": join(
    dirname(require.resolve("conformance-0.1/package.json")),
    "dist/index.js",
  ),
  "conformance-0.2": join(
    dirname(require.resolve("conformance-0.2/package.json")),
    "dist/index.js",
  ),
};

/** Runs the suite against the server at `url`, and answers with every check, scenario by scenario. */
export async function runSuite(suite: Suite, url: string): Promise<readonly Check[]> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-conformance-"));
  try {
    const words = ["server", "--url", url, "--output-dir", folder, ...suite.arguments];
    const child = spawn(process.execPath, [ENTRIES[suite.package], ...words], {
      env: { PATH: process.env.PATH },
      cwd: folder,
      stdio: "ignore",
    });
    // Its exit code tells whether all passed; what passed is read from its results.
    await once(child, "exit");
    return await readChecks(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const BROKEN = JSON.stringify([{ id: "no results", name: "", status: "FAILURE" }]);

/** `server-<scenario>-<time>/checks.json` for each scenario. */
async function readChecks(folder: string): Promise<Check[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith("server-")).sort();
  const scenarios = names.map(async (name) => {
    const scenario = name.slice("server-".length).replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "");
    // A scenario that ended the whole suite has left no file behind.
    const text = await readFile(join(folder, name, "checks.json"), "utf8").catch(() => BROKEN);
    const checks = JSON.parse(text) as readonly (Omit<Check, "scenario" | "message"> & {
      readonly errorMessage?: string;
    })[];
    return checks.map(({ id, name, status, errorMessage = "" }) => ({
      scenario,
      id,
      name,
      status,
      message: errorMessage,
    }));
  });
  return (await Promise.all(scenarios)).flat();
}

/**
 * Every check that has no like on the other side, with what the suite says of it; also those that
 * decide nothing, such as an event that was seen.
 */
export function differences(direct: readonly Check[], through: readonly Check[]): string[] {
  return [...without(direct, through, "direct"), ...without(through, direct, "through")].sort();
}

/** `scenario / check / name: STATUS`, for each check that did not pass. */
export function unpassed(checks: readonly Check[]): string[] {
  return checks.filter(({ status }) => status !== "INFO" && status !== "SUCCESS").map(verdict);
}

/** What the suite decided; what it only noted, such as an event that came, is not among it. */
export function decided(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ status }) => status !== "INFO");
}

/** One by one: a check that is made twice must be there twice on the other side, too. */
function without(checks: readonly Check[], others: readonly Check[], side: string): string[] {
  const left = others.map(verdict);
  const only = checks.filter((check) => {
    const at = left.indexOf(verdict(check));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return only.map((check) => `${verdict(check)} ${side} ${check.message}`.trimEnd());
}

function verdict({ scenario, id, name, status }: Check): string {
  return `${scenario} / ${id} / ${name}: ${status}`;
}

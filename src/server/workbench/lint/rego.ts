import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suggest } from "../../../core/suggest.ts";
import { packagePath } from "../../package-root.ts";
import { buildBundle, checkRego } from "../build.ts";
import { runRegoTests, type Uncovered } from "../rego-tests.ts";
import type { Sources } from "../sources.ts";
import { MASK_PACKAGE } from "../stage.ts";
import { lintConstants } from "./constants.ts";
import { type LintFinding, placeOf } from "./finding.ts";
import { parseRego, type RegoModule } from "./rego-ast.ts";

/** What is to be said of an author's Rego; `paths` are the folders it was found in. */
export async function lintRego(
  author: Sources,
  paths: readonly string[],
): Promise<readonly LintFinding[]> {
  if (author.rego.length === 0) return [];
  const invalid = (await checkRego(author)).map(invalidRego);
  if (invalid.length > 0) return invalid;
  const modules: RegoModule[] = [];
  for (const file of author.rego) {
    const parsed = await parseRego(file);
    if (!parsed.ok) return parsed.error.map(invalidRego);
    modules.push(parsed.value);
  }
  return [
    ...modules.flatMap(lintConstants),
    ...modules.flatMap(lintSlow),
    ...modules.flatMap(lintTruncated),
    ...lintReach(modules),
    ...(await lintMissing(modules, paths)),
    ...(await lintUntested(modules, author)),
  ];
}

/** `acme.rego:17: rego_type_error: …`, as OPA says it. */
function invalidRego(complaint: string): LintFinding {
  const [, place = "", message = complaint] = /^(.*?:\d+): (.*)$/s.exec(complaint) ?? [];
  const remedy = "correct it; rego/schemas/input.json says what input holds";
  return { code: "invalid_rego", ...placeOf(place), message, remedy };
}

const SLOW = /^(?:regex|glob)\.|^walk$|^json\.match_schema$/;

function lintSlow({ file, rules }: RegoModule): readonly LintFinding[] {
  return rules.flatMap(({ calls }) =>
    calls
      .filter(({ name }) => SLOW.test(name))
      .map(({ name, row, column }): LintFinding => {
        const message = `${name} takes long in WebAssembly, for every message`;
        const remedy =
          "compare whole texts (==, in, startswith), or match in the portable policy: its globs " +
          "and patterns are matched before, and input.rules says which fit";
        return { code: "slow_built_in", file, line: row, column, message, remedy };
      }),
  );
}

/** Values of arguments may be left out of the input; who reads them has to ask. */
function lintTruncated({ file, rules }: RegoModule): readonly LintFinding[] {
  const references = rules.flatMap((rule) => rule.references);
  const asks = references.some(({ steps }) => steps.slice(0, 3).join(".") === TRUNCATED);
  if (asks) return [];
  const reads = references.filter(({ steps }) => steps.slice(0, 3).join(".") === ARGUMENTS);
  return reads.map(({ row, column }): LintFinding => {
    const message = "a value over 256 bytes is not in input.message.arguments, and nobody asks";
    const remedy = "deny if count(input.message.truncated) > 0, or if the value is named there";
    return { code: "reads_truncated", file, line: row, column, message, remedy };
  });
}

const ARGUMENTS = "input.message.arguments";
const TRUNCATED = "input.message.truncated";

/** What the firewall asks of each package below `mcp.rules`, as it stands in its own source. */
function askedNames(): readonly string[] {
  const asked = readFileSync(packagePath("rego/mcp/lib/asked/asked.rego"), "utf8");
  const found = asked.matchAll(/\bdata\.mcp\.rules\[\w+\]\.(\w+)/g);
  return [...new Set([...found].map(([, name = ""]) => name))];
}

function lintReach(modules: readonly RegoModule[]): readonly LintFinding[] {
  const asked = askedNames();
  return modules.flatMap((module) => {
    const isRule = /^mcp\.rules\.[^.]+$/.test(module.package);
    const lost = module.rules.filter(
      ({ name }) =>
        !(isRule && asked.includes(name)) &&
        !(module.package === MASK_PACKAGE && name === "mask") &&
        !isUsed(name, module, modules),
    );
    const first = [...new Map(lost.toReversed().map((rule) => [rule.name, rule])).values()];
    return first.toReversed().map(({ name, row, column }): LintFinding => {
      const near = isRule ? meantBy(name, asked) : null;
      const message = `${module.package}.${name} is never asked for`;
      const remedy =
        near === null
          ? `use it, or remove it; of a package mcp.rules.… ${asked.join(", ")} are asked for`
          : `did you mean ${near}?`;
      return { code: "unreachable_rule", file: module.file, line: row, column, message, remedy };
    });
  });
}

/** What others call a rule that denies has another name here. */
function meantBy(name: string, asked: readonly string[]): string | null {
  return /^(?:deny|denies|denied|violation)$/.test(name) ? "reasons" : suggest(name, asked);
}

/** In its own package by its name; from elsewhere by a reference that has the name as a step. */
function isUsed(name: string, module: RegoModule, modules: readonly RegoModule[]): boolean {
  return modules.some((other) =>
    other.rules.some((rule) => {
      if (other.package === module.package) return rule.name !== name && rule.names.has(name);
      return rule.references.some(({ steps }) => steps.slice(1).includes(name));
    }),
  );
}

/** What our engine says is not there, at the places where it is called. */
async function lintMissing(
  modules: readonly RegoModule[],
  paths: readonly string[],
): Promise<readonly LintFinding[]> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-lint-"));
  try {
    const output = join(folder, "bundle.tar.gz");
    const built = await buildBundle({ paths, output, revision: "lint", signing: null });
    if (built.ok) return [];
    const missing = built.error.flatMap((error) => {
      return /built-ins that are not there: (.*)$/.exec(error)?.[1]?.split(", ") ?? [];
    });
    const remedy = "remove it; input.time tells the time, and facts come from the configuration";
    const found = modules.flatMap(({ file, rules }) =>
      rules.flatMap(({ calls }) =>
        calls
          .filter(({ name }) => missing.includes(name))
          .map(({ name, row, column }): LintFinding => {
            const message = `${name} does not run in WebAssembly: the bundle would not load`;
            return { code: "missing_built_in", file, line: row, column, message, remedy };
          }),
      ),
    );
    return found.length > 0 ? found : built.error.map(invalidRego);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lintUntested(
  modules: readonly RegoModule[],
  author: Sources,
): Promise<readonly LintFinding[]> {
  const run = author.regoTests.length === 0 ? null : await runRegoTests(author);
  if (run !== null && !run.ok) return run.error.map(invalidRego);
  const uncovered = run?.value.uncovered ?? null;
  return modules.flatMap(({ file, rules, package: name }) =>
    rules
      .filter(({ row }) => uncovered === null || isUncovered(file, row, uncovered))
      .map(({ name: rule, row, column }): LintFinding => {
        const message = `no Rego test reaches ${name}.${rule}`;
        const remedy = "write one in a file …_test.rego; impedance policy test runs it";
        return { code: "untested_rule", file, line: row, column, message, remedy };
      }),
  );
}

function isUncovered(file: string, row: number, uncovered: readonly Uncovered[]): boolean {
  return uncovered.some((one) => one.file === file && one.first <= row && row <= one.last);
}

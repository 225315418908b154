import { resolve } from "node:path";
import { ok, type Result } from "../../core/result.ts";
import { LINT_CODES, type LintFinding } from "../../server/workbench/lint/finding.ts";
import { type Linted, lintPolicies } from "../../server/workbench/lint/lint.ts";
import { type KnownTool, readToolsFile } from "../../server/workbench/tools-file.ts";
import type { Command, Options } from "../command.ts";
import { misuse, say } from "../output.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";
import { loadPolicySettings, POLICY_HELP, POLICY_OPTIONS } from "./settings.ts";

export const lintCommand: Command = {
  help: `usage: impedance policy lint [DIR|FILE…] [OPTIONS]

Looks through portable policies (YAML or JSON with policy_id) and Rego, with the tests beside them,
and says of each finding where it is and what to do. Nothing is changed. Exit code 1 if there is a
finding. Codes:
  ${LINT_CODES.slice(0, 5).join(", ")},
  ${LINT_CODES.slice(5).join(", ")}

  --tools FILE     tools of the servers: a result of tools/list, or an inventory
                                                  [inventory.file of the configuration]
  --server ID      whose tools they are, where the file does not say     [every server's]
  --ignore A,B     codes that are not told
${POLICY_HELP}
${FORMAT_HELP}

examples:
  impedance policy lint policy/
  impedance policy lint policy.yaml --tools tools.yaml --ignore untested_rule`,
  options: { ...POLICY_OPTIONS, tools: "text", server: "text", ignore: "text" },
  takesWords: true,
  run: lint,
};

async function lint(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  const ignored = (options.text("ignore") ?? "").split(",").filter((code) => code !== "");
  const unknown = ignored.find((code) => !LINT_CODES.some((known) => known === code));
  if (unknown !== undefined) {
    return misuse(`--ignore ${unknown} is no code; there are ${LINT_CODES.join(", ")}`);
  }
  const config = await loadPolicySettings(options);
  if (!config.ok) return failAs(format.value, config.error);
  const tools = await toolsOf(options, config.value.inventory.file);
  if (!tools.ok) return failAs(format.value, [tools.error]);
  const absolute = (name: string): string | null => {
    const path = options.text(name);
    return path === undefined ? null : resolve(path);
  };
  const named = options.text("policy") ?? null;
  const paths = options.words.length === 0 && named === null ? ["."] : options.words;
  const linted = await lintPolicies(paths, {
    config: config.value,
    tools: tools.value,
    policy: named,
    bundle: absolute("bundle"),
    env: process.env,
  });
  if (!linted.ok) return failAs(format.value, linted.error);
  const findings = linted.value.findings.filter(({ code }) => !ignored.includes(code));
  const isOk = findings.length === 0;
  if (format.value === "json") say(JSON.stringify({ ok: isOk, ...linted.value, findings }));
  else say([...findings.map(describe), summaryOf(linted.value, findings.length)].join("\n"));
  return isOk ? 0 : 1;
}

/** Without a server every rule is held against them, whichever server it names. */
async function toolsOf(
  options: Options,
  inventory: string | null,
): Promise<Result<readonly KnownTool[] | null, string>> {
  const file = options.text("tools") ?? inventory;
  if (file === null) return ok(null);
  return readToolsFile(file, options.text("server") ?? "*");
}

function describe({ code, file, line, column, message, remedy }: LintFinding): string {
  return `${file}:${line}:${column}: ${code}: ${message}; ${remedy}`;
}

function summaryOf({ files }: Linted, findings: number): string {
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  return `${count}, ${findings === 1 ? "1 finding" : `${findings} findings`}`;
}

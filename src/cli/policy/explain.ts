import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { text as readText } from "node:stream/consumers";
import type { Config } from "../../config/config.ts";
import type { Direction } from "../../core/message.ts";
import { err, type Result } from "../../core/result.ts";
import { explainDecision } from "../../server/workbench/explain/decision.ts";
import type { ExplainedReason, Explanation } from "../../server/workbench/explain/explain.ts";
import { explainMessage } from "../../server/workbench/explain/message.ts";
import type { Command, Options } from "../command.ts";
import { misuse, say } from "../output.ts";
import { FORMAT_HELP, failAs, formatOf } from "./format.ts";
import { loadPolicySettings, POLICY_HELP, POLICY_OPTIONS } from "./settings.ts";

export const explainCommand: Command = {
  help: `usage: impedance policy explain FILE|DECISION_ID [OPTIONS]

FILE is a JSON-RPC message, or a line of impedance scan (- is standard input): it is judged as the
firewall would, and then once more for each fact that is made otherwise. DECISION_ID is one of the
decision log: it is explained by the facts that stand there; the log holds no values, and it says
which are missing. Exit code 0 whatever was decided; 1 if there is nothing to explain.

  --direction DIRECTION  request (client to server) or response     [request]
  --server ID            the server that rules name                 [scan]
  --roles A,B            the roles of who calls                     [none]
  --log FILE             the decision log       [audit.file of the configuration]
${POLICY_HELP}
${FORMAT_HELP}

examples:
  impedance policy explain call.json --policy policy.yaml --server crm --roles support
  impedance policy explain 1f0c3a2e-… --log decisions.jsonl --policy policy.yaml`,
  options: { ...POLICY_OPTIONS, direction: "text", server: "text", roles: "text", log: "text" },
  takesWords: true,
  run: explainOne,
};

async function explainOne(options: Options): Promise<number> {
  const format = formatOf(options);
  if (!format.ok) return misuse(format.error);
  const direction = options.text("direction") ?? "request";
  if (direction !== "request" && direction !== "response") {
    return misuse(`--direction is request or response, not ${direction}`);
  }
  const [subject, another] = options.words;
  if (subject === undefined || another !== undefined) {
    return misuse("name one message file, or one decision id");
  }
  const config = await loadPolicySettings(options);
  if (!config.ok) return failAs(format.value, config.error);
  const explained = await explanationOf(subject, options, direction, config.value);
  if (!explained.ok) return failAs(format.value, explained.error);
  say(format.value === "json" ? JSON.stringify(explained.value) : describe(explained.value));
  return 0;
}

async function explanationOf(
  subject: string,
  options: Options,
  direction: Direction,
  config: Config,
): Promise<Result<Explanation, readonly string[]>> {
  if (subject === "-" || existsSync(subject)) {
    const message = await (subject === "-" ? readText(process.stdin) : readFile(subject, "utf8"));
    const roles = (options.text("roles") ?? "").split(",").map((role) => role.trim());
    return explainMessage(message, config, {
      direction,
      server: options.text("server") ?? "scan",
      roles: roles.filter((role) => role !== ""),
    });
  }
  const log = options.text("log") ?? config.audit.file;
  if (log === null) {
    return err([`${subject}: is no file; a decision id needs --log FILE, the decision log`]);
  }
  return explainDecision(subject, log, config);
}

const BUILT_IN =
  "a rule of the bundle: handshake, discovery, listing, and answers to what was let through pass";

function describe(explanation: Explanation): string {
  const { allow, message, reasons, shadow, allowed_by, nearly, changes, notes } = explanation;
  const told = new Set(reasons.flatMap(({ facts }) => facts));
  const others = nearly.filter((fact) => !told.has(fact));
  const passes = allow && allowed_by.length === 0 ? [BUILT_IN] : allowed_by;
  return [
    `${message}: ${allow ? "ALLOWED" : "DENIED"}`,
    ...reasons.flatMap(describeReason),
    ...section("would be denied, were these rules not in shadow", shadow.map(describeShadow)),
    ...section(allow ? "allowed by" : "would be allowed by", passes),
    ...(allow ? [] : section("nearly allowed by", others)),
    ...section(
      "what would change it",
      changes.map(({ change, outcome }) => `${change}: ${outcome}`),
    ),
    ...section("note", notes),
  ].join("\n");
}

function describeShadow({ code, rule, message, facts }: ExplainedReason): string {
  const behind = facts.map((fact) => `\n    fact: ${fact}`).join("");
  return `${code} (${rule}): ${message}${behind}`;
}

function describeReason({
  code,
  rule,
  message,
  remedy,
  title,
  description,
  facts,
}: ExplainedReason) {
  const about = [title, description].filter((text) => text !== null).join(": ");
  return [
    "",
    `${code} (${rule}): ${message}`,
    ...(about === "" ? [] : [`  rule: ${about}`]),
    ...facts.map((fact) => `  fact: ${fact}`),
    `  remedy: ${remedy}`,
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  - ${line}`)];
}

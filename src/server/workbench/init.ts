import type { SideEffect } from "../../core/inventory.ts";
import { parsePortable } from "../../policy/portable/parse.ts";
import type { KnownTool } from "./tools-file.ts";
import { commented, isPlainName, quoted, ruleLine } from "./yaml-lines.ts";

/** A starter policy, and what became of each tool in it. */
export interface Starter {
  /** YAML. */
  readonly text: string;
  readonly tools: readonly StarterTool[];
}

export interface StarterTool {
  readonly server: string;
  readonly name: string;
  /** `unclear`: its words tell nothing; the rule that would allow it stands in a comment. */
  readonly decision: "allow" | "deny" | "unclear" | "left_out";
  readonly side_effects: readonly SideEffect[] | null;
  readonly guessed: boolean;
}

/** What changes nothing, wherever it is done. */
const READING: ReadonlySet<SideEffect> = new Set(["FS_READ", "DATABASE_READ"]);

/**
 * Writes a policy for tools that nobody has reviewed: what reads is allowed, what writes, executes
 * or reaches out is denied until a person says otherwise, and what is guessed is called a guess.
 */
export function starterPolicy(tools: readonly KnownTool[]): Starter {
  const sorted = tools.toSorted((a, b) => compare(a.server, b.server) || compare(a.name, b.name));
  const decided = sorted.map((tool) => ({ tool, decision: decide(tool) }));
  const text = `${[...head(sorted), ...allowRules(decided), ...denyRules(decided)].join("\n")}\n`;
  const policy = parsePortable(text, "starter");
  if (!policy.ok) throw new Error("a starter policy is a policy");
  return {
    text,
    tools: decided.map(({ tool, decision }) => {
      const { server, name, sideEffects, isGuess } = tool;
      return { server, name, decision, side_effects: sideEffects, guessed: isGuess };
    }),
  };
}

interface Decided {
  readonly tool: KnownTool;
  readonly decision: StarterTool["decision"];
}

/** FAIL CLOSED: only what both its name and its hints let expect to read is allowed. */
function decide(tool: KnownTool): StarterTool["decision"] {
  const { name, server, sideEffects, readOnlyHint, destructiveHint } = tool;
  if (!isPlainName(name) || !isPlainName(server)) return "left_out";
  if (sideEffects?.some((effect) => !READING.has(effect)) === true) return "deny";
  if (destructiveHint === true || readOnlyHint === false) return "deny";
  if (sideEffects !== null && !tool.isGuess) return "allow";
  return READING_NAME.test(name) ? "allow" : "unclear";
}

const READING_NAME =
  /^(?:get|list|read|search|find|show|view|describe|lookup|count|stat|tree|query)(?:$|[^a-z])/;

function head(tools: readonly KnownTool[]): readonly string[] {
  const servers = [...new Set(tools.map(({ server }) => commented(server)))];
  return [
    `# A starter policy for the tools of ${servers.join(", ")}, by impedance policy init.`,
    "# What a tool does was guessed from its own words: its name, its arguments, its hints. A guess",
    "# is no fact; whoever wrote the server chose the words. Read every line before you rely on it.",
    `policy_id: ${quoted("starter")}`,
    `version: "1"`,
    "",
    "# Nothing is allowed that no rule allows.",
    "default: deny",
    "",
  ];
}

function allowRules(decided: readonly Decided[]): readonly string[] {
  const allowed = decided.filter(({ decision }) => decision === "allow");
  const unclear = decided.filter(({ decision }) => decision === "unclear");
  const leftOut = decided.filter(({ decision }) => decision === "left_out");
  return [
    ...(allowed.length === 0
      ? ["# Nothing seems to only read.", "allow_rules: []"]
      : [
          "# These seem to read, and to change nothing.",
          "allow_rules:",
          ...allowed.flatMap(({ tool }) => [`  # ${wordsOf(tool)}`, `  ${ruleOf(tool)}`]),
        ]),
    ...(unclear.length === 0
      ? []
      : [
          "",
          "  # What these do, their words do not tell. Refused; take the # away from what may pass.",
          ...unclear.map(({ tool }) => `  # ${ruleOf(tool)}`),
        ]),
    ...leftOut.map(
      ({ tool }) => `  # left out, its name cannot be written: ${commented(tool.name)}`,
    ),
    "",
  ];
}

function denyRules(decided: readonly Decided[]): readonly string[] {
  const denied = decided.filter(({ decision }) => decision === "deny");
  if (denied.length === 0) return ["deny_rules: []"];
  return [
    "# These seem to write, to execute or to reach out. Denied until a person takes the rule away",
    "# and allows the tool above.",
    "deny_rules:",
    ...denied.flatMap(({ tool }) => [
      `  # ${wordsOf(tool)}`,
      `  ${ruleLine({ tool: tool.name, server: tool.server, reason: REASON })}`,
    ]),
  ];
}

const REASON = "Nobody has reviewed this tool yet.";

function ruleOf({ name, server }: KnownTool): string {
  return ruleLine({ tool: name, server });
}

function wordsOf({ sideEffects, isGuess, readOnlyHint, destructiveHint }: KnownTool): string {
  const effects = sideEffects === null ? "no side effect is named" : sideEffects.join(", ");
  const hints = [
    ...(readOnlyHint === null ? [] : [`readOnlyHint: ${readOnlyHint}`]),
    ...(destructiveHint === null ? [] : [`destructiveHint: ${destructiveHint}`]),
  ];
  const said = hints.length === 0 ? "" : `; the server says ${hints.join(", ")}`;
  return `${isGuess ? "guess" : "inventory"}: ${effects === "" ? "none" : effects}${said}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import type { Json } from "../core/policy.ts";
import { type ComparedTool, driftOf } from "../server/tools/compare.ts";
import type { Command, Options } from "./command.ts";
import { say } from "./output.ts";
import { askForAll, fullName, TOOLS_HELP, TOOLS_OPTIONS, trouble } from "./tools.ts";
import { visible } from "./visible.ts";

export const toolsDiffCommand: Command = {
  help: `usage: impedance tools diff [OPTIONS]

Holds the tools that MCP servers offer against the inventory (tools.yaml) and shows what was added,
removed and changed, each change with its place (a JSON Pointer) and both texts. Exit code 0: the
servers offer what was pinned, and nothing else. 1: they do not. 2: it could not be found out.

${TOOLS_HELP}

examples:
  impedance tools diff --config impedance.yaml            in CI, before a deployment
  impedance tools diff --from http://127.0.0.1:3001/mcp --server files --format json`,
  options: TOOLS_OPTIONS,
  run: diff,
};

async function diff(options: Options): Promise<number> {
  const asked = await askForAll(options);
  if (!asked.ok) return trouble(asked.error);

  const { settings, tools } = asked.value;
  const different = tools.filter(({ state }) => state !== "pinned");
  if (settings.format === "json") {
    say(JSON.stringify({ ok: different.length === 0, tools: different.map(encode) }));
  } else if (different.length === 0) {
    say(`${tools.length} tools, all as they were pinned`);
  } else {
    say(different.map(describe).join("\n"));
  }
  return different.length === 0 ? 0 : 1;
}

/** A place with long texts stays one that a person can read. */
const TEXT_MAX = 2000;

/** One tool that differs, for a terminal. */
export function describe(tool: ComparedTool): string {
  const name = visible(fullName(tool));
  switch (tool.state) {
    case "new":
      return `+ ${name}  ${tool.offered?.hash ?? UNCOMPARABLE}`;
    case "gone":
      return `- ${name}  ${tool.entry?.hash ?? "not pinned"}`;
    default:
      return [
        `~ ${name}`,
        `    pinned  ${tool.entry?.hash ?? "-"}`,
        `    now     ${tool.offered?.hash ?? UNCOMPARABLE}`,
        ...changesOf(tool),
      ].join("\n");
  }
}

const UNCOMPARABLE = "cannot be compared: it is too long, or listed twice";

function changesOf(tool: ComparedTool): readonly string[] {
  const drift = driftOf(tool);
  if (drift === null) return [];
  return drift.flatMap(({ kind, pointer, before, after }) => [
    `  ${kind} ${visible(pointer === "" ? "the whole definition" : pointer)}`,
    ...(before === undefined ? [] : linesOf("-", before)),
    ...(after === undefined ? [] : linesOf("+", after)),
  ]);
}

/** A text as it reads, line by line; anything else as JSON. */
function linesOf(sign: string, value: Json): readonly string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const shown = text.slice(0, TEXT_MAX);
  const lines = shown.split("\n").map((line) => `    ${sign} ${visible(line)}`);
  const left = text.length - shown.length;
  return left === 0 ? lines : [...lines, `    ${sign} … ${left} more characters`];
}

function encode(tool: ComparedTool) {
  const { server, name, state, entry, offered } = tool;
  return {
    server,
    name,
    state,
    hash: offered?.hash ?? null,
    pinned_hash: entry?.hash ?? null,
    changes: state === "drifted" ? (driftOf(tool) ?? null) : null,
  };
}

import { type ComparedTool, compareTools, type ToolState } from "../server/tools/compare.ts";
import type { Command, Options } from "./command.ts";
import { say } from "./output.ts";
import {
  compareAll,
  descriptionOf,
  readToolsSettings,
  TOOLS_HELP,
  TOOLS_OPTIONS,
  type ToolsSettings,
  trouble,
} from "./tools.ts";
import { shortened, table, visible } from "./visible.ts";

export const toolsListCommand: Command = {
  help: `usage: impedance tools list [OPTIONS]

Asks MCP servers for their tools and shows each with what the inventory (tools.yaml) says of it:
  pinned   the definition is the one that was reviewed
  drifted  it is another one: impedance tools diff shows where
  new      nobody pinned it yet: impedance tools pin does
  gone     it is in the inventory, and the server does not offer it
Without a server to ask it shows the inventory alone. Characters that a terminal would not show, or
obey, are written out. A side effect with ? was guessed, and nobody confirmed it.

${TOOLS_HELP}

examples:
  impedance tools list --from http://127.0.0.1:3001/mcp
  impedance tools list --config impedance.yaml --server files --format json`,
  options: TOOLS_OPTIONS,
  run: list,
};

async function list(options: Options): Promise<number> {
  const settings = await readToolsSettings(options);
  if (!settings.ok) return trouble(settings.error);
  const tools = await toolsOf(settings.value);
  if (!tools.ok) return trouble(tools.error);
  if (settings.value.format === "json") say(JSON.stringify({ tools: tools.value.map(encode) }));
  else say(describe(tools.value));
  return 0;
}

async function toolsOf(settings: ToolsSettings) {
  const { targets, inventory } = settings;
  if (targets.length > 0) return compareAll(settings);
  const known = [...inventory.keys()].flatMap((id) => compareTools(id, inventory, null));
  return { ok: true, value: known } as const;
}

const DESCRIPTION_COLUMNS = 72;
const HEADER = ["SERVER", "TOOL", "STATE", "RISK", "CLASS", "SIDE EFFECTS", "DESCRIPTION"];

function describe(tools: readonly ComparedTool[]): string {
  if (tools.length === 0) return "no tools";
  return table([HEADER, ...tools.map(rowOf)]);
}

function rowOf({ server, name, state, entry, offered }: ComparedTool): readonly string[] {
  const mark = entry?.guessed === true ? "?" : "";
  const effects = entry?.sideEffects?.map((effect) => effect + mark).join(" ") ?? "-";
  const [line = ""] = descriptionOf(offered, entry?.definition ?? null)
    .trim()
    .split("\n");
  return [
    visible(server),
    shortened(name, 64),
    shownState(state, entry),
    entry === null || entry.risk === null ? "-" : entry.risk + mark,
    entry?.classification ?? "-",
    effects === "" ? "none" : effects,
    shortened(line, DESCRIPTION_COLUMNS),
  ];
}

/** Without a server to ask, the inventory alone can be told. */
function shownState(state: ToolState, entry: ComparedTool["entry"]): string {
  if (state !== "unknown") return state;
  return entry?.hash === null ? "unpinned" : "pinned";
}

function encode({ server, name, state, entry, offered }: ComparedTool) {
  return {
    server,
    name,
    state,
    hash: offered?.hash ?? null,
    pinned_hash: entry?.hash ?? null,
    risk: entry?.risk ?? null,
    owner: entry?.owner ?? null,
    classification: entry?.classification ?? null,
    side_effects: entry?.sideEffects ?? null,
    guessed: entry?.guessed ?? false,
    note: entry?.note ?? null,
    description: descriptionOf(offered, entry?.definition ?? null),
  };
}

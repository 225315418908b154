import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { compileGlob } from "../core/glob.ts";
import type { ComparedTool } from "../server/tools/compare.ts";
import { carryOut, type PinPlan, planPins } from "../server/tools/pin.ts";
import type { Command, Options } from "./command.ts";
import { complain, say } from "./output.ts";
import {
  askForAll,
  fullName,
  TOOLS_HELP,
  TOOLS_OPTIONS,
  type ToolsSettings,
  trouble,
} from "./tools.ts";
import { describe } from "./tools-diff.ts";
import { visible } from "./visible.ts";

export const toolsPinCommand: Command = {
  help: `usage: impedance tools pin [OPTIONS]

Asks MCP servers for their tools and writes each one that is new into the inventory (tools.yaml):
its definition, the hash of that, and a guess of its risk and side effects, marked guessed: true
until somebody takes that line out. Comments, order, and what people noted stay as they are.
A tool that drifted is shown and left as it is, unless --accept says that the new definition was
reviewed. Exit code 0: all is pinned. 1: something drifted and was left. 2: nothing could be done.

  --tool GLOBS      only tools whose names fit one of these, such as read_*,list_*
  --accept          take over definitions that drifted
  --dry-run         show what would be done, and write nothing
${TOOLS_HELP}

examples:
  impedance tools pin --from http://127.0.0.1:3001/mcp --server files
  impedance tools pin --config impedance.yaml --tool 'search_*' --accept`,
  options: { ...TOOLS_OPTIONS, tool: "text", accept: "flag", "dry-run": "flag" },
  run: pin,
};

async function pin(options: Options): Promise<number> {
  const asked = await askForAll(options);
  if (!asked.ok) return trouble(asked.error);
  const { settings, tools } = asked.value;

  const globs = (options.text("tool") ?? "*").split(",").map((glob) => compileGlob(glob.trim()));
  const chosen = tools.filter(({ name }) => globs.some((glob) => glob.fits(name)));
  const plan = planPins(chosen, options.flag("accept"));
  const isDry = options.flag("dry-run");
  if (!isDry && plan.pinned.length + plan.accepted.length > 0) {
    const written = await write(settings, plan);
    if (written !== null) return trouble(written);
  }
  if (settings.format === "json") say(JSON.stringify(encode(plan, settings, isDry)));
  else tell(plan, settings, isDry);
  return plan.refused.length + plan.unpinnable.length === 0 ? 0 : 1;
}

/** In one step: whoever reads the file meanwhile sees the old one or the new one. */
async function write(
  { text, file }: ToolsSettings,
  plan: PinPlan,
): Promise<readonly string[] | null> {
  const written = carryOut(text, plan, file);
  if (!written.ok) return written.error;
  const beside = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(beside, written.value, { flag: "wx" });
    await rename(beside, file);
    return null;
  } catch (error) {
    await rm(beside, { force: true });
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return [`${file}: cannot be written (${code})`];
  }
}

function tell(plan: PinPlan, { file }: ToolsSettings, isDry: boolean): void {
  for (const tool of plan.pinned) say(`pinned    ${lineOf(tool)}`);
  for (const tool of plan.accepted) say(`accepted  ${lineOf(tool)}\n${describe(tool)}`);
  for (const tool of plan.refused) say(`drifted   ${lineOf(tool)}\n${describe(tool)}`);
  for (const tool of plan.unpinnable) {
    say(`refused   ${visible(fullName(tool))}  its definition is too long, or listed twice`);
  }
  const count = plan.pinned.length + plan.accepted.length;
  const did = isDry ? "would be written to" : "written to";
  say(`${count} ${did} ${visible(file)}, ${plan.unchanged.length} unchanged`);
  if (plan.refused.length > 0) {
    complain(`${plan.refused.length} drifted and stay as pinned; review them, then --accept`);
  }
}

function lineOf(tool: ComparedTool): string {
  return `${visible(fullName(tool))}  ${tool.offered?.hash ?? ""}`;
}

function encode(plan: PinPlan, { file }: ToolsSettings, isDry: boolean) {
  const names = (tools: readonly ComparedTool[]) =>
    tools.map(({ server, name, offered }) => ({ server, name, hash: offered?.hash ?? null }));
  return {
    file,
    written: !isDry && plan.pinned.length + plan.accepted.length > 0,
    pinned: names(plan.pinned),
    accepted: names(plan.accepted),
    refused: names(plan.refused),
    unpinnable: names(plan.unpinnable),
    unchanged: names(plan.unchanged),
  };
}

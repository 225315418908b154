import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { resolveSecret } from "../config/secret.ts";
import type { Inventory } from "../core/inventory.ts";
import { err, ok, type Result } from "../core/result.ts";
import { readInventory } from "../server/load-inventory.ts";
import { askForTools, type OfferedTool } from "../server/tools/ask-server.ts";
import { type ComparedTool, compareTools } from "../server/tools/compare.ts";
import type { Options } from "./command.ts";
import { complain } from "./output.ts";
import { loadSettings } from "./settings.ts";
import { visible } from "./visible.ts";

/** The options that the `tools` commands have in common. */
export const TOOLS_OPTIONS = {
  config: "text",
  from: "text",
  server: "text",
  inventory: "text",
  token: "text",
  format: "text",
} as const;

export const TOOLS_HELP = `  --from URL        ask this MCP server; --server ID says what it is called    [upstream]
  --server ID       ask this server of the configuration                 [all of them]
  --inventory FILE  the inventory (schemas/inventory.json)  [inventory.file, or tools.yaml]
  --token REF       a bearer token for the server, as env:NAME or file:PATH
  --config FILE     impedance.yaml (schemas/config.json describes it)
  --format FORMAT   text or json                                                 [text]

Ask the MCP server itself, not the firewall in front of it, which changes what passes.`;

/** Exit code of what could not be tried, apart from what was tried and found wanting. */
const TROUBLE = 2;

/** Says what stood in the way. */
export function trouble(errors: readonly string[]): number {
  for (const error of errors) complain(visible(error));
  return TROUBLE;
}

/** A server that is to be asked. */
interface Target {
  readonly id: string;
  readonly url: string;
}

/** What the options of a `tools` command lead to. */
export interface ToolsSettings {
  readonly config: Config;
  readonly format: "text" | "json";
  /** Absolute path. */
  readonly file: string;
  /** The inventory's text; null where there is no file yet. */
  readonly text: string | null;
  readonly inventory: Inventory;
  readonly targets: readonly Target[];
  readonly token: string | null;
}

/** The id of a server that only a URL was given for, as in `impedance up --upstream URL`. */
const SINGLE_SERVER = "upstream";

export async function readToolsSettings(
  options: Options,
): Promise<Result<ToolsSettings, readonly string[]>> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return err([`--format is text or json, not ${format}`]);
  }
  const config = await loadSettings(options);
  if (!config.ok) return config;
  const targets = targetsOf(options, config.value);
  if (!targets.ok) return err([targets.error]);
  const token = tokenOf(options);
  if (!token.ok) return err([token.error]);

  const file = resolve(options.text("inventory") ?? config.value.inventory.file ?? "tools.yaml");
  const read = await readText(file);
  if (!read.ok) return err([read.error]);
  const text = read.value;
  const inventory = text === null ? ok(new Map()) : readInventory(text, file);
  if (!inventory.ok) return inventory;
  return ok({
    config: config.value,
    format,
    file,
    text,
    inventory: inventory.value,
    targets: targets.value,
    token: token.value,
  });
}

function targetsOf(options: Options, { servers }: Config): Result<readonly Target[], string> {
  const from = options.text("from");
  const id = options.text("server");
  if (from !== undefined) {
    const url = URL.parse(from);
    if (url === null || !["http:", "https:"].includes(url.protocol)) {
      return err("--from is no http or https URL, such as http://127.0.0.1:3001/mcp");
    }
    if (url.username !== "" || url.password !== "") {
      return err("--from holds credentials; give them with --token");
    }
    return ok([{ id: id ?? SINGLE_SERVER, url: url.href }]);
  }
  if (id === undefined) return ok([...servers.values()].map(({ id, url }) => ({ id, url })));
  const server = servers.get(id);
  if (server !== undefined) return ok([{ id, url: server.url }]);
  const known = [...servers.keys()].join(", ");
  const remedy = known === "" ? "give --config FILE, or --from URL" : `there are ${known}`;
  return err(`--server ${id} is no server of the configuration; ${remedy}`);
}

/** What `--token` refers to. */
export function tokenOf(options: Options): Result<string | null, string> {
  const reference = options.text("token");
  if (reference === undefined) return ok(null);
  const secret = resolveSecret(reference, process.cwd(), process.env);
  if (!secret.ok) return err(`--token ${secret.error.problem}; ${secret.error.remedy}`);
  return ok(Buffer.from(secret.value.reveal()).toString("latin1"));
}

async function readText(file: string): Promise<Result<string | null, string>> {
  try {
    return ok(await readFile(file, "utf8"));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing ? ok(null) : err(`${file}: cannot be read`);
  }
}

const DEADLINE_MS = 30_000;

/** Asks every server, and holds what it offers against the inventory; or who could not be asked. */
export async function compareAll(
  settings: ToolsSettings,
): Promise<Result<readonly ComparedTool[], readonly string[]>> {
  const { targets, token, inventory, config } = settings;
  const asked = await Promise.all(
    targets.map(async ({ id, url }) => {
      const tools = await askForTools({
        url,
        token,
        limits: config.limits,
        deadlineMs: DEADLINE_MS,
      });
      return { id, url, tools };
    }),
  );
  const failed = asked.flatMap(({ id, url, tools }) =>
    tools.ok ? [] : [`${id}: ${url} ${tools.error}`],
  );
  if (failed.length > 0) return err(failed);
  return ok(
    asked.flatMap(({ id, tools }) => compareTools(id, inventory, tools.ok ? tools.value : [])),
  );
}

/** What servers offer, for a command that has nothing to say without asking them. */
export async function askForAll(
  options: Options,
): Promise<Result<{ settings: ToolsSettings; tools: readonly ComparedTool[] }, readonly string[]>> {
  const settings = await readToolsSettings(options);
  if (!settings.ok) return settings;
  if (settings.value.targets.length === 0) return err([NOBODY_TO_ASK]);
  const tools = await compareAll(settings.value);
  return tools.ok ? ok({ settings: settings.value, tools: tools.value }) : tools;
}

/** The description in a definition; empty where there is none. */
export function descriptionOf(tool: OfferedTool | null, fallback: string | null): string {
  const text = tool?.text ?? fallback;
  if (text === null) return "";
  const definition: unknown = JSON.parse(text);
  if (typeof definition !== "object" || definition === null) return "";
  const description = "description" in definition ? definition.description : undefined;
  return typeof description === "string" ? description : "";
}

/** Such as `files/read_file`. */
export function fullName({ server, name }: ComparedTool): string {
  return `${server}/${name}`;
}

const NOBODY_TO_ASK = "no server to ask: give --from URL, or --config FILE with `servers:` in it";

import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { err, ok, type Result } from "../../core/result.ts";
import { isRecord } from "./recorded.ts";

/** A tool, as a server or an inventory describes it. */
export interface KnownTool {
  readonly server: string;
  readonly name: string;
  readonly description: string;
  /** `readOnlyHint`, `destructiveHint`, …: what the server says of itself. */
  readonly annotations: { readonly [hint: string]: unknown };
  /** Side effects that an inventory names; null where nobody did. */
  readonly sideEffects: readonly string[] | null;
}

const TOOLS_MAX = 10_000;

/**
 * Reads tools from what `tools/list` returned (the result, the whole message, or the list itself),
 * or from an inventory (`servers: { id: { tools: { name: … } } }`). `server` is the id of a server
 * that the file does not name.
 */
export async function readToolsFile(
  file: string,
  server: string,
): Promise<Result<readonly KnownTool[], string>> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return err(`${file}: cannot be read`);
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch {
    return err(`${file}: is neither JSON nor YAML that can be read`);
  }
  const tools = toolsIn(value, server);
  if (tools === null || tools.length === 0) {
    return err(`${file}: names no tool; it is a result of tools/list, or an inventory`);
  }
  return tools.length > TOOLS_MAX ? err(`${file}: names over ${TOOLS_MAX} tools`) : ok(tools);
}

function toolsIn(value: unknown, server: string): readonly KnownTool[] | null {
  if (Array.isArray(value)) return value.flatMap((tool) => listedTool(tool, server));
  if (!isRecord(value)) return null;
  if (isRecord(value.result)) return toolsIn(value.result, server);
  if (Array.isArray(value.tools)) return toolsIn(value.tools, server);
  if (!isRecord(value.servers)) return null;
  return Object.entries(value.servers).flatMap(([id, entry]) => {
    const tools = isRecord(entry) && isRecord(entry.tools) ? entry.tools : {};
    return Object.entries(tools).map(([name, tool]) => inventoried(id, name, tool));
  });
}

function listedTool(tool: unknown, server: string): readonly KnownTool[] {
  if (!isRecord(tool) || typeof tool.name !== "string") return [];
  const { name, description, annotations } = tool;
  return [
    {
      server,
      name,
      description: typeof description === "string" ? description : "",
      annotations: isRecord(annotations) ? annotations : {},
      sideEffects: null,
    },
  ];
}

function inventoried(server: string, name: string, tool: unknown): KnownTool {
  const entry = isRecord(tool) ? tool : {};
  const [listed] = listedTool({ ...definitionOf(entry.definition), name }, server);
  const effects = entry.side_effects;
  const sideEffects = Array.isArray(effects)
    ? effects.filter((one) => typeof one === "string")
    : null;
  return { server, name, description: "", annotations: {}, ...listed, sideEffects };
}

/** As a map, or as the text of one. */
function definitionOf(definition: unknown): { readonly [key: string]: unknown } {
  if (isRecord(definition)) return definition;
  try {
    const value: unknown = typeof definition === "string" ? JSON.parse(definition) : null;
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

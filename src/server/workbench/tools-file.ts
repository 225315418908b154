import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { guessTool } from "../../catalogue/guess.ts";
import { SIDE_EFFECT_NAMES, type SideEffect } from "../../core/inventory.ts";
import type { Limits } from "../../core/limits.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { askForTools } from "../tools/ask-server.ts";
import { isRecord } from "./recorded.ts";

/** A tool, as a server or an inventory describes it. */
export interface KnownTool {
  readonly server: string;
  readonly name: string;
  /** Null where nothing is known of them. */
  readonly sideEffects: readonly SideEffect[] | null;
  /** Side effects were guessed from the tool's own words; a person confirmed them otherwise. */
  readonly isGuess: boolean;
  /** `readOnlyHint`, `destructiveHint`: what the server says of itself; null where it does not. */
  readonly readOnlyHint: boolean | null;
  readonly destructiveHint: boolean | null;
}

const TOOLS_MAX = 10_000;
const DEADLINE_MS = 30_000;

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

/** Asks a live server for its tools. */
export async function askServer(
  url: string,
  server: string,
  options: { readonly token: string | null; readonly limits: Limits },
): Promise<Result<readonly KnownTool[], string>> {
  const offered = await askForTools({ url, ...options, deadlineMs: DEADLINE_MS });
  if (!offered.ok) return err(`${url}: ${offered.error}`);
  if (offered.value.length === 0) return err(`${url}: offers no tools`);
  return ok(
    offered.value.map(({ name, text }) => {
      return toolOf(server, name, text === null ? { name } : JSON.parse(text));
    }),
  );
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
  return [toolOf(server, tool.name, tool)];
}

function toolOf(server: string, name: string, definition: unknown): KnownTool {
  const annotations = isRecord(definition) ? definition.annotations : undefined;
  const hint = (key: string): boolean | null => {
    const value = isRecord(annotations) ? annotations[key] : undefined;
    return typeof value === "boolean" ? value : null;
  };
  return {
    server,
    name,
    sideEffects: guessTool(JSON.stringify(definition)).sideEffects,
    isGuess: true,
    readOnlyHint: hint("readOnlyHint"),
    destructiveHint: hint("destructiveHint"),
  };
}

function inventoried(server: string, name: string, tool: unknown): KnownTool {
  const entry = isRecord(tool) ? tool : {};
  const guess = toolOf(server, name, { ...definitionOf(entry.definition), name });
  const { side_effects: effects } = entry;
  if (!Array.isArray(effects)) return guess;
  const sideEffects = effects.filter((one): one is SideEffect => SIDE_EFFECT_NAMES.includes(one));
  return { ...guess, sideEffects, isGuess: entry.guessed === true };
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

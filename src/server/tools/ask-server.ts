import { hashedDefinition } from "../../catalogue/definition.ts";
import { type JsonNode, type JsonObject, member, stringMember } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { createMcpClient, type McpClient } from "./mcp-client.ts";

/** A tool as a live server describes it. */
export interface OfferedTool {
  readonly name: string;
  /** Null where the definition is too long, or there twice, to be compared. */
  readonly hash: string | null;
  readonly text: string | null;
}

export interface AskOptions {
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string | null;
  readonly limits: Limits;
  /** For all of it together. */
  readonly deadlineMs: number;
}

const PAGES_MAX = 256;
const TOOLS_MAX = 4096;

/**
 * Asks a server for all its tools, in the words that it uses towards any client: by a handshake, or
 * without one where it speaks 2026-07-28 alone. A failure is a sentence without the server's words.
 */
export async function askForTools(
  options: AskOptions,
): Promise<Result<readonly OfferedTool[], string>> {
  const client = createMcpClient(options);
  const opened = await client.open();
  if (!opened.ok) return opened;
  try {
    return await allPages(client);
  } finally {
    await client.close();
  }
}

async function allPages(client: McpClient): Promise<Result<readonly OfferedTool[], string>> {
  const tools = new Map<string, OfferedTool>();
  const followed = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const result = await client.request("tools/list", cursor === undefined ? {} : { cursor });
    if (!result.ok) return result;
    if (!notePage(result.value, tools)) return err("answers tools/list without a list of tools");
    if (tools.size > TOOLS_MAX) return err(`offers more than ${TOOLS_MAX} tools`);
    cursor = stringMember(result.value, "nextCursor");
    if (cursor === undefined) return ok([...tools.values()]);
    if (followed.has(cursor)) return err("lists its tools in a circle");
    followed.add(cursor);
  }
  return err(`lists its tools on more than ${PAGES_MAX} pages`);
}

/** False for a result that lists nothing. */
function notePage(result: JsonNode, tools: Map<string, OfferedTool>): boolean {
  const listed = member(result, "tools");
  if (listed?.kind !== "array") return false;
  for (const item of listed.items) if (item.kind === "object") note(item, tools);
  return true;
}

/** As the catalogue does it: a name that is there twice stands for no definition. */
function note(item: JsonObject, tools: Map<string, OfferedTool>): void {
  const name = stringMember(item, "name");
  if (name === undefined) return;
  const hashed = tools.has(name) ? null : hashedDefinition(item);
  tools.set(name, { name, hash: hashed?.hash ?? null, text: hashed?.text ?? null });
}

import type { Place } from "../../core/finding.ts";
import type { Leaf, Location } from "../../core/json.ts";

/**
 * What a leaf is to a model that reads what a server says of itself.
 * - `prose`: describes something, and may be edited;
 * - `name`: calls something by its name, and must stay as it is;
 * - `value`: is sent back by the model or read by a program, and must stay as it is;
 * - `prompt`: a message of a prompt, which is there to instruct;
 * - `other`: describes nothing.
 */
export type Role = "prose" | "name" | "value" | "prompt" | "other";

/** Members whose items describe themselves (MCP, `tools/list` and its like). */
const LISTINGS: ReadonlySet<unknown> = new Set([
  "tools",
  "prompts",
  "resources",
  "resourceTemplates",
]);

/** JSON Schema keywords, and MCP members, that programs read or models repeat. */
const VALUES: ReadonlySet<unknown> = new Set([
  ...["enum", "const", "required", "pattern", "type", "format", "dependentRequired"],
  ...["$ref", "$schema", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary"],
  ...["contentEncoding", "contentMediaType", "x-mcp-header"],
  ...["uri", "uriTemplate", "mimeType", "src", "sizes", "websiteUrl", "version"],
]);

const SERVER_INFO: ReadonlySet<unknown> = new Set([
  "serverInfo",
  "io.modelcontextprotocol/serverInfo",
]);
const LINK_MEMBERS: ReadonlySet<unknown> = new Set(["title", "description"]);

/** The role of a leaf, by the place where it stands in its message. */
export function roleOf(leaf: Leaf, { method }: Place): Role {
  if (isPlainContent(leaf.location) || !isInBody(leaf.location)) return "other";
  const path = pathOf(leaf.location);
  const [top, member, index] = path;
  if (top !== "result" && top !== "params") return "other";
  if (LISTINGS.has(member) && typeof index === "number") return roleInItem(leaf, path.slice(3));
  return top === "result" ? roleInResult(leaf, path, method) : "other";
}

/** A member of a block of a result, as most leaves are: known without its whole path. */
function isPlainContent(location: Location | null): boolean {
  const list = location?.parent?.parent;
  if (list?.key !== "content" || LINK_MEMBERS.has(location?.key)) return false;
  return list.parent?.key === "result" && list.parent.parent === null;
}

/** Below one of the members that hold what a message says; a batch puts an index in front. */
function isInBody(location: Location | null): boolean {
  let top: Location | null = null;
  let below: Location | null = null;
  for (let at = location; at !== null; at = at.parent) {
    below = top;
    top = at;
  }
  const key = typeof top?.key === "number" ? below?.key : top?.key;
  return key === "result" || key === "params";
}

function roleInResult(leaf: Leaf, path: Path, method: string | null): Role {
  const [, member, inner] = path;
  if (path.length === 2) return describesAll(member, method) ? "prose" : "other";
  if (SERVER_INFO.has(member)) return roleInItem(leaf, path.slice(2));
  if (member === "_meta" && SERVER_INFO.has(inner)) return roleInItem(leaf, path.slice(3));
  if (member === "messages") return roleInPrompt(leaf, path);
  return member === "content" ? roleInContent(leaf, path) : "other";
}

/** `initialize` and `server/discover` have instructions, `prompts/get` a description. */
function describesAll(member: string | number | undefined, method: string | null): boolean {
  if (member === "instructions") return true;
  return member === "description" && (method === "prompts/get" || method === null);
}

type Path = readonly (string | number)[];

/** From the message's root: the index of a batch is left out. */
function pathOf(location: Location | null): Path {
  const path: (string | number)[] = [];
  for (let at = location; at !== null; at = at.parent) path.push(at.key);
  if (typeof path.at(-1) === "number") path.pop();
  return path.reverse();
}

function roleInItem(leaf: Leaf, rest: Path): Role {
  if (leaf.nature === "key") return "name";
  if (leaf.nature !== "text") return "other";
  const isArgument = rest[0] === "arguments" && rest.length === 3;
  if (leaf.name === "name" && (rest.length === 1 || isArgument)) return "name";
  return VALUES.has(leaf.name) ? "value" : "prose";
}

/** `prompts/get`: files that a prompt embeds are data. */
function roleInPrompt(leaf: Leaf, path: Path): Role {
  const isText = leaf.nature === "text" && leaf.name === "text";
  return isText && !path.includes("resource") ? "prompt" : "other";
}

/** A tool's result describes nothing but the resources it links to. */
function roleInContent(leaf: Leaf, path: Path): Role {
  const isOfLink = path.length === 4 && LINK_MEMBERS.has(path[3]);
  return isOfLink && leaf.nature === "text" ? "prose" : "other";
}

import { type JsonDocument, type JsonNode, member } from "../../core/json.ts";

/**
 * The node a JSON Pointer (RFC 6901) names; undefined when there is none. The empty pointer names
 * the root.
 */
export function find(from: JsonDocument | JsonNode, pointer: string): JsonNode | undefined {
  let node: JsonNode | undefined = "root" in from ? from.root : from;
  if (pointer === "") return node;
  if (!pointer.startsWith("/")) return undefined;
  for (const token of pointerTokens(pointer)) {
    node = child(node, token);
    if (node === undefined) return undefined;
  }
  return node;
}

/** The reference tokens of a pointer that begins with a slash, unescaped (RFC 6901 section 4). */
export function pointerTokens(pointer: string): string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value one reference token leads to. */
export function child(node: JsonNode, token: string): JsonNode | undefined {
  if (node.kind === "object") return member(node, token);
  if (node.kind !== "array" || !/^(?:0|[1-9][0-9]{0,9})$/.test(token)) return undefined;
  return node.items[Number(token)];
}

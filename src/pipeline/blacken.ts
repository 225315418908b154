import type { EditReceipt } from "../core/audit.ts";
import type { JsonNode } from "../core/json.ts";
import { replaceNode, type Splice } from "../mcp/json/splice.ts";

const MARK = "[REDACTED:policy]";

/** What a policy wants taken out leaves a mark. */
export function blacken(node: JsonNode): Splice {
  return replaceNode(node, JSON.stringify(MARK));
}

export function blackened({ start, end }: JsonNode, pointer: string): EditReceipt {
  return { pointer, rule: "policy", action: "redacted", length: end - start };
}

export function isBlackened(node: JsonNode): boolean {
  return node.kind === "string" && node.value === MARK;
}

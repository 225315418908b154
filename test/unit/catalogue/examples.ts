import type { ListingPage } from "../../../src/core/catalogue.ts";
import type { InventoriedTool } from "../../../src/core/inventory.ts";
import type { JsonNode, JsonObject } from "../../../src/core/json.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";

/** A JSON text as the data path reads it. */
export function nodeOf(text: string): JsonNode {
  const document = parseJson(Buffer.from(text), DEFAULT_LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return document.value.root;
}

export function objectOf(value: unknown): JsonObject {
  const node = nodeOf(JSON.stringify(value));
  if (node.kind !== "object") throw new Error("no object");
  return node;
}

/** The whole listing of a server, on one page. */
export function pageOf(...tools: readonly object[]): ListingPage {
  return { kind: "tool", cursor: null, nextCursor: null, items: tools.map(objectOf) };
}

export const UNREVIEWED: InventoriedTool = {
  hash: null,
  risk: null,
  owner: null,
  classification: null,
  sideEffects: null,
  note: null,
  guessed: false,
  definition: null,
};

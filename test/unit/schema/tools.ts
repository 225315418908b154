import { createHash } from "node:crypto";
import type { KnownTool } from "../../../src/core/catalogue.ts";
import type { JsonNode } from "../../../src/core/json.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";

const LIMITS = { jsonMaxDepth: 128, jsonMaxNodes: 500_000, stringMaxLength: 16_777_216 };

export interface Schemas {
  readonly inputSchema?: unknown;
  readonly outputSchema?: unknown;
}

/** A tool as the catalogue knows it. */
export function toolWith(schemas: Schemas): KnownTool {
  const text = JSON.stringify({ name: "tool", ...schemas });
  return { name: "tool", hash: createHash("sha256").update(text).digest("hex"), text };
}

/** JSON text, or a value, as it is read. */
export function nodeOf(value: unknown): JsonNode {
  const document = parseJson(Buffer.from(JSON.stringify(value)), LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return document.value.root;
}

import { Buffer } from "node:buffer";
import type { JsonDocument, JsonNode, JsonObject } from "../../core/json.ts";
import { member } from "../../core/json.ts";

/**
 * One spelling for all spellings of the same JSON-RPC id: a server may echo `"\u00e9"` for `"é"` or
 * `7` for `7.0`. What waits for an answer is kept under it; what goes out is the id as sent.
 */
export function canonicalId(idText: string): string {
  if (idText.startsWith('"')) {
    // Without an escape there is one spelling only.
    return idText.includes("\\") ? JSON.stringify(JSON.parse(idText)) : idText;
  }
  const number = Number(idText);
  return Number.isSafeInteger(number) ? String(number) : idText;
}

/** The id's JSON text as sent; null where there is none, or none that JSON-RPC allows. */
export function idTextOf(document: JsonDocument, node: JsonNode): string | null {
  const id = member(node, "id");
  if (id?.kind === "number") return id.text;
  if (id?.kind !== "string") return null;
  const { buffer, byteOffset } = document.bytes;
  return Buffer.from(buffer, byteOffset + id.start, id.end - id.start).toString("utf8");
}

/** Whether the object has an `id` that a request may have: a string or a number, never null. */
export function hasRequestId(node: JsonObject): boolean {
  const kind = member(node, "id")?.kind;
  return kind === "string" || kind === "number";
}

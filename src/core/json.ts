/**
 * JSON as it stands in the bytes: each node knows its span, so that an edit touches nothing else.
 * `start` is the offset of the node's first byte, `end` the offset after its last one; a string's
 * span holds its quotes. Objects keep their members in the order sent, without duplicate keys.
 */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonLiteral;

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonObject extends Span {
  readonly kind: "object";
  readonly members: readonly JsonMember[];
}

export interface JsonMember {
  readonly key: JsonString;
  readonly value: JsonNode;
}

export interface JsonArray extends Span {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

export interface JsonString extends Span {
  readonly kind: "string";
  /** The decoded text. */
  readonly value: string;
}

export interface JsonNumber extends Span {
  readonly kind: "number";
  /** As written: a number beyond 2^53 keeps its digits. */
  readonly text: string;
}

export interface JsonLiteral extends Span {
  readonly kind: "literal";
  readonly value: true | false | null;
}

/** Where a node stands: a chain towards the root, made once for each container. */
export interface Location {
  readonly parent: Location | null;
  /** Object key or array index in `parent`; the root's location is `null`. */
  readonly key: string | number;
}

/**
 * What a leaf is to the guards.
 * - `text`: a string value, may be edited;
 * - `key`: an object key, may be read, not edited (two cleaned keys could collide);
 * - `number`: digits, may be read, not edited;
 * - `opaque`: a value that the protocol hands back byte for byte (ids, cursors, progress tokens);
 * - `media`: base64 whose magic bytes agree with the MIME type beside it; what can be read in it is
 *   read, and nothing of it edited.
 */
export type LeafNature = "text" | "key" | "number" | "opaque" | "media";

/** One place where a string can stand: a string value, an object key, or a number as written. */
export interface Leaf {
  readonly node: JsonString | JsonNumber;
  readonly nature: LeafNature;
  /** Decoded text; a number's digits as written. */
  readonly text: string;
  /** The nearest object key above the leaf (for a key leaf: the key itself), null at the root. */
  readonly name: string | null;
  readonly location: Location | null;
}

/** A whole document, parsed in one pass. */
export interface JsonDocument {
  readonly bytes: Uint8Array;
  readonly root: JsonNode;
  readonly leaves: readonly Leaf[];
}

/** JSON Pointer (RFC 6901) of a location; the root's is the empty string. */
export function pointerOf(location: Location | null): string {
  let pointer = "";
  for (let at = location; at !== null; at = at.parent) {
    const key = typeof at.key === "number" ? String(at.key) : escapePointer(at.key);
    pointer = `/${key}${pointer}`;
  }
  return pointer;
}

/** One step of a JSON Pointer (RFC 6901 section 3). */
export function escapePointer(key: string): string {
  if (!key.includes("~") && !key.includes("/")) return key;
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The value of an object's member; undefined when the node is no object or has no such key. */
export function member(node: JsonNode | null | undefined, key: string): JsonNode | undefined {
  if (node?.kind !== "object") return undefined;
  for (const entry of node.members) if (entry.key.value === key) return entry.value;
  return undefined;
}

/** The text of a string member; undefined when it is absent or not a string. */
export function stringMember(node: JsonNode | null | undefined, key: string): string | undefined {
  const value = member(node, key);
  return value?.kind === "string" ? value.value : undefined;
}

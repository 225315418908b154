import { createHash } from "node:crypto";
import { canonicalJson } from "../core/canonical-json.ts";
import type { JsonObject } from "../core/json.ts";

/** Characters of one definition that is compared; a longer one is known by its name alone. */
export const DEFINITION_MAX_LENGTH = 262_144;

/** A tool's definition in canonical JSON, and the hash of that: `sha256:…`. */
export interface HashedDefinition {
  readonly hash: string;
  readonly text: string;
}

/** Null for a definition whose text is too long to be compared. */
export function hashedDefinition(definition: JsonObject): HashedDefinition | null {
  const text = canonicalJson(definition, DEFINITION_MAX_LENGTH);
  return text === null ? null : { hash: hashOf(text), text };
}

export function hashOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

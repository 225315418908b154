import { Buffer, isUtf8 } from "node:buffer";
import type { Leaf } from "../core/json.ts";
import { readableRuns } from "./readable-runs.ts";

/**
 * What stands in a payload (`data`, `blob`) behind its base64.
 * - `text`: UTF-8, which can be edited and encoded again;
 * - `readable`: text but for a few bytes, whatever its type says; an edit would break it;
 * - `bytes`: media, an archive, a program; `text` is what can be read in it, a line for each run.
 */
export interface Payload {
  readonly kind: "text" | "readable" | "bytes";
  readonly text: string;
}

function isPayloadName(name: string | null): boolean {
  return name === "data" || name === "blob";
}

/** Null where the leaf is no payload. Media that proved its type by its bytes is never `text`. */
export function payloadOf(leaf: Leaf): Payload | null {
  switch (leaf.nature) {
    case "media":
      return bytesPayload(Buffer.from(leaf.text, "base64"));
    case "text":
      return plainPayload(leaf);
    default:
      return null;
  }
}

function plainPayload(leaf: Leaf): Payload | null {
  const bytes = isPayloadName(leaf.name) ? decodeBase64(leaf.text) : null;
  if (bytes === null) return null;
  const text = textOf(bytes, leaf.text);
  return text === null ? bytesPayload(bytes) : { kind: "text", text };
}

function bytesPayload(bytes: Buffer): Payload {
  const { readable, covered } = readableRuns(bytes);
  return { kind: isMostlyText(bytes, covered) ? "readable" : "bytes", text: readable };
}

/**
 * The text in a payload that calls itself media and is none: servers hand out any file as the media
 * that its name promises. Null where there is none, or where it would not be encoded back alike.
 */
export function textInPayload({ name, nature, text }: Leaf): string | null {
  const bytes = nature === "text" && isPayloadName(name) ? decodeBase64(text) : null;
  return bytes === null ? null : textOf(bytes, text);
}

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const SPACE = /[ \t\r\n]+/g;

/** As readers do, who mind neither lines nor padding nor the alphabet; null for anything else. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  const isPlain = text.length % 4 === 0 && bytes.toString("base64") === text;
  return isPlain || BASE64.test(text.replace(SPACE, "")) ? bytes : null;
}

function textOf(bytes: Buffer, base64: string): string | null {
  return isUtf8(bytes) && bytes.toString("base64") === base64 ? bytes.toString("utf8") : null;
}

/** A PDF is text for the most part, too, and full of what only looks random. */
function isMostlyText(bytes: Buffer, covered: number): boolean {
  return covered * 8 >= bytes.length * 7 && bytes.toString("latin1", 0, 5) !== "%PDF-";
}

import type { Json } from "../core/policy.ts";

/**
 * The form of a tool's name (MCP specification, "Tool Names"); methods and prompts keep to it. What
 * begins as a path does is none.
 */
const NAME = /^(?![/.])[A-Za-z0-9_./-]{1,128}$/;
/** What programs say of themselves, where it is short and plain. */
const PRODUCT = /^[\w ./()+-]{1,64}$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,31}$/;
const EXTENSION = /^[A-Za-z0-9]{1,16}$/;
const MEDIA_TYPE = /^[\w./+-]{1,64}$/;
const KEY = /^[\w.$-]{1,64}$/;
/** Keys as long as this that hold a digit look like tokens more than like words. */
const TOKEN_MIN_LENGTH = 16;

const NEVER = /(?!)/;

function looksLikeToken(word: string): boolean {
  return word.length >= TOKEN_MIN_LENGTH && /\d/.test(word);
}

/** What stands in the log where a text may not: its size. */
export interface Size {
  readonly [key: string]: number;
  readonly $bytes: number;
}

/** A text as the log may show it: itself, its size, or null where there is none. */
export type MaskedText = string | Size | null;

/** A tool, a method, a prompt: chosen by the peer, and kept if it has the form of a name. */
export function maskName(text: string | null): MaskedText {
  return keepIf(text, NAME);
}

/** A name that no guard has cleaned: what looks like a token in it is not shown. */
export function maskRawName(text: string): MaskedText {
  return keepIf(text, text.split(/[_./-]/).some(looksLikeToken) ? NEVER : NAME);
}

/** A client's name or version, or its user agent. */
export function maskProduct(text: string | null): MaskedText {
  const mayHoldToken = text !== null && looksLikeToken(text);
  const hasToken = mayHoldToken && text.split(/[ ()/]/).some(looksLikeToken);
  return keepIf(text, hasToken ? NEVER : PRODUCT);
}

export function maskScheme(text: string | null): MaskedText {
  return keepIf(text, SCHEME);
}

export function maskExtension(text: string | null): MaskedText {
  return keepIf(text, EXTENSION);
}

export function maskMediaType(text: string): MaskedText {
  return keepIf(text, MEDIA_TYPE);
}

function keepIf(text: string | null, form: RegExp): MaskedText {
  return text === null || form.test(text) ? text : { $bytes: Buffer.byteLength(text) };
}

/** How much a JSON value holds: a string's bytes in UTF-8, of anything else those of its text. */
export function sizeOf(value: Json): Size {
  return { $bytes: typeof value === "string" ? Buffer.byteLength(value) : textSize(value) };
}

/** A value that the policy input holds as its size already counts with that size. */
function textSize(value: Json): number {
  if (typeof value === "string") return Buffer.byteLength(JSON.stringify(value));
  if (typeof value !== "object" || value === null) return String(value).length;
  if (Array.isArray(value)) return separated(value.map(textSize));

  const told = toldSize(value);
  if (told !== null) return told;
  const members = Object.entries(value).map(([key, item]) => textSize(key) + 1 + textSize(item));
  return separated(members);
}

function separated(sizes: readonly number[]): number {
  const commas = Math.max(0, sizes.length - 1);
  return sizes.reduce((sum, size) => sum + size, "[]".length + commas);
}

function toldSize(value: object): number | null {
  const entries: [string, unknown][] = Object.entries(value);
  const [key, size] = entries[0] ?? [];
  if (entries.length !== 1 || key !== "$bytes") return null;
  return typeof size === "number" && Number.isInteger(size) && size >= 0 ? size : null;
}

/**
 * An object key as the log may show it. A key is the peer's text too, and a secret can stand in
 * it: what is long, odd, or looks like a token is replaced by `$key:<bytes>`.
 */
export function safeKey(key: string): string {
  return KEY.test(key) && !looksLikeToken(key) ? key : `$key:${Buffer.byteLength(key)}`;
}

/** Steps that are words, none of them long enough for a token. */
const PLAIN_POINTER = /^(?:\/[A-Za-z_.$-]{1,15})*$/;

/** A JSON Pointer of which each step is safe to show. */
export function safePointer(pointer: string): string {
  if (PLAIN_POINTER.test(pointer)) return pointer;
  return pointer.split("/").map(safeSegment).join("/");
}

function safeSegment(segment: string): string {
  return segment === "" ? "" : safeKey(segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

import { gunzipSync } from "node:zlib";
import { readableRuns } from "../../readable-runs.ts";
import type { Run } from "./runs.ts";
import type { View } from "./view.ts";

/** What unpacking may make of one text, all told. */
const UNPACKED_MAX_BYTES = 256 * 1024;
const GZIP = "H4sI";
const HEX_TEXT = /^(?:0x)?(?:[2-7][0-9a-fA-F]|0[9aAdD])+$/;
const HEX_LEAST_LENGTH = 24;
/** Digests and keys are shorter; what hides a token among other bytes is not. */
const BYTES_LEAST_LENGTH = 65;
const LINE_BREAK = /(?:\r?\n|\\n|\\r\\n)[ \t]{0,16}/y;
const FULL_LINE = /[A-Za-z0-9+/]{16,76}={0,2}/y;

/** Six bits of each character of base64 and base64url; 255 for any other. */
const SIX_BITS = sixBits();

/**
 * What stands in a text as base64, base64url, hexadecimal or gzip in base64, where it decodes to
 * text. An edit takes the whole token, for a part of it would be another text.
 */
export function encodedTokens(text: string, runs: readonly Run[]): readonly View[] {
  if (runs.length === 0) return NOTHING;
  const views: View[] = [];
  let reached = 0;
  let unpackedBytes = 0;
  for (const { start, end: runEnd } of runs) {
    if (start < reached) continue;
    if (text.startsWith(GZIP, start)) {
      const unpacked = unpack(text.slice(start, runEnd), UNPACKED_MAX_BYTES - unpackedBytes);
      unpackedBytes += unpacked.length;
      if (unpacked !== "") views.push(wholeOf(unpacked, start, runEnd));
      continue;
    }
    const hex = hexTextAt(text, start, runEnd);
    const found = hex === null ? base64At(text, start, runEnd) : { text: hex, start, end: runEnd };
    if (found === null) continue;
    reached = found.end;
    views.push(wholeOf(found.text, found.start, found.end));
  }
  return views;
}

const NOTHING: readonly View[] = [];

/** The text that base64 holds, or what can be read in the bytes that it holds. */
function base64At(
  text: string,
  start: number,
  runEnd: number,
): { readonly text: string; readonly start: number; readonly end: number } | null {
  const from = base64Start(text, start);
  if (!startsAsText(text, from)) {
    const readable = readableIn(text, from, runEnd);
    return readable === "" ? null : { text: readable, start: from, end: runEnd };
  }
  const end = linesEnd(text, from, runEnd);
  const decoded = decodeBase64(text.slice(from, end));
  return decoded === null ? null : { text: decoded, start: from, end };
}

/** The text that a token of base64 holds; null when it holds none. */
function decodeBase64(token: string): string | null {
  const bytes = Buffer.from(token, "base64");
  const isWide = bytes.length > 4 && bytes[1] === 0 && bytes[3] === 0;
  const text = isWide ? bytes.toString("utf16le") : bytes.toString("utf8");
  return isReadable(text) ? text : null;
}

/** What can be read in bytes that are no text: media and archives hold text, too. */
function readableIn(text: string, start: number, end: number): string {
  if (end - start < BYTES_LEAST_LENGTH) return "";
  return readableRuns(Buffer.from(text.slice(start, end), "base64")).readable;
}

function wholeOf(text: string, start: number, end: number): View {
  return { text, locate: () => [start, end], certainOnly: true };
}

/** A path before the token is none of it: `/data/c2VjcmV0…`. */
function base64Start(text: string, start: number): number {
  return text.charCodeAt(start) === 0x2f ? start + 1 : start;
}

/** Six bytes of text at the start, or three of UTF-16: chance has it once in hundreds. */
function startsAsText(text: string, start: number): boolean {
  const first = threeBytes(text, start);
  const second = threeBytes(text, start + 4);
  if (first < 0 || second < 0 || first >>> 16 === 0) return false;
  return areTextBytes(first) && areTextBytes(second);
}

/** What four characters of base64 hold; negative when they are none. */
function threeBytes(text: string, at: number): number {
  const a = SIX_BITS[text.charCodeAt(at)] ?? 255;
  const b = SIX_BITS[text.charCodeAt(at + 1)] ?? 255;
  const c = SIX_BITS[text.charCodeAt(at + 2)] ?? 255;
  const d = SIX_BITS[text.charCodeAt(at + 3)] ?? 255;
  return (a | b | c | d) > 63 ? -1 : (a << 18) | (b << 12) | (c << 6) | d;
}

/** Zeros too, for UTF-16 has them. */
function areTextBytes(bytes: number): boolean {
  for (let rest = bytes; rest !== 0; rest >>>= 8) {
    const byte = rest & 0xff;
    if (byte !== 0 && !isTextByte(byte)) return false;
  }
  return true;
}

function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d);
}

/** Where base64 ends that is broken into lines of one length, as `base64` and MIME write it. */
function linesEnd(text: string, start: number, runEnd: number): number {
  const width = runEnd - start;
  if (width < 60 || width > 76 || text.charCodeAt(runEnd - 1) === 0x3d) return runEnd;
  let end = runEnd;
  while (end < text.length) {
    LINE_BREAK.lastIndex = end;
    if (!LINE_BREAK.test(text)) break;
    FULL_LINE.lastIndex = LINE_BREAK.lastIndex;
    const lineStart = LINE_BREAK.lastIndex;
    if (!FULL_LINE.test(text) || FULL_LINE.lastIndex - lineStart > width) break;
    end = FULL_LINE.lastIndex;
    if (end - lineStart < width) break;
  }
  return end;
}

function hexTextAt(text: string, start: number, end: number): string | null {
  const length = end - start;
  if (length < HEX_LEAST_LENGTH || length % 2 !== 0) return null;
  const first = text.charCodeAt(start);
  if (first < 0x30 || first > 0x37) return null;
  const token = text.slice(start, end);
  if (!HEX_TEXT.test(token)) return null;
  return Buffer.from(token.replace(/^0x/, ""), "hex").toString("latin1");
}

/** Mostly printable: what people write, in any language. */
function isReadable(text: string): boolean {
  if (text.length < 6) return false;
  let odd = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd || (code < 0x20 && !isTextByte(code)) || code === 0x7f) odd++;
  }
  return odd * 20 <= text.length;
}

function unpack(token: string, maxOutputLength: number): string {
  if (maxOutputLength <= 0) return "";
  try {
    const bytes = gunzipSync(Buffer.from(token, "base64"), { maxOutputLength });
    const text = bytes.toString("utf8");
    return isReadable(text) ? text : "";
  } catch {
    return "";
  }
}

function sixBits(): Uint8Array {
  const bits = new Uint8Array(0x10000).fill(255);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let value = 0; value < 64; value++) bits[alphabet.charCodeAt(value)] = value;
  bits["-".charCodeAt(0)] = 62;
  bits["_".charCodeAt(0)] = 63;
  return bits;
}

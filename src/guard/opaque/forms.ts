import { Buffer } from "node:buffer";
import { unzipSync } from "node:zlib";
import { decodedViews } from "../secrets/decode/decode.ts";
import { findRuns } from "../secrets/decode/runs.ts";
import { ALL_SIGNS } from "../secrets/decode/signs.ts";

/** Codes inside codes are looked at this deep: a path in JSON in base64, escaped in a URL. */
const MAX_DEPTH = 3;
/** A value made to be many things is read as some of them. */
const MAX_FORMS = 64;
/** What all forms together may be, in UTF-16 code units. */
const MAX_LENGTH = 4 * 1024 * 1024;
const UNPACKED_MAX_BYTES = 256 * 1024;
/** Nothing shorter is worth decoding. */
const SHORTEST_CODE = 8;

/** A number or a UUID, which most ids are: nothing is written in it. */
const PLAIN = /^(?:[0-9]{1,20}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/;
const BASE64 = /^[A-Za-z0-9+/_-]{8,}={0,2}$/;

export interface Forms {
  /** The value itself comes first. */
  readonly forms: readonly string[];
  /** False where there were more than are looked at. */
  readonly complete: boolean;
}

/**
 * A value that its maker alone can read, and what it decodes to: servers put paths and JSON into a
 * cursor in base64, in percent escapes, deflated.
 */
export function formsOf(value: string): Forms {
  if (PLAIN.test(value)) return { forms: [value], complete: true };
  const forms = new Set([value]);
  let length = value.length;
  let latest: readonly string[] = [value];
  for (let depth = 0; depth < MAX_DEPTH && latest.length > 0; depth++) {
    const next: string[] = [];
    for (const form of latest.flatMap(decodings)) {
      if (form === "" || forms.has(form)) continue;
      if (forms.size >= MAX_FORMS || length + form.length > MAX_LENGTH) {
        return { forms: [...forms], complete: false };
      }
      forms.add(form);
      next.push(form);
      length += form.length;
    }
    latest = next;
  }
  return { forms: [...forms], complete: true };
}

/** One layer of encoding taken off. */
function decodings(text: string): readonly string[] {
  if (text.length < SHORTEST_CODE) return [];
  const runs = findRuns(text);
  const views = decodedViews(text, runs, ALL_SIGNS).map((view) => view.text);
  const tokens = runs.map(({ start, end }) => text.slice(start, end));
  if (BASE64.test(text)) tokens.push(text);
  return [...views, ...tokens.flatMap(bytesOf)];
}

/** Bytes as Latin-1: what of them is text can be read in it. */
function bytesOf(token: string): readonly string[] {
  const bytes = Buffer.from(token, "base64");
  return [bytes.toString("latin1"), unpacked(bytes)];
}

function unpacked(bytes: Buffer): string {
  const isZlib = bytes[0] === 0x78 && (bytes.readUInt16BE(0) % 31 === 0 || bytes[1] === 0x9c);
  if (!isZlib && !(bytes[0] === 0x1f && bytes[1] === 0x8b)) return "";
  try {
    return unzipSync(bytes, { maxOutputLength: UNPACKED_MAX_BYTES }).toString("latin1");
  } catch {
    return "";
  }
}

import { Buffer } from "node:buffer";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
export const NEWLINE = Uint8Array.of(LF);
const LONGEST_NAME = "event".length;

/** One line of an event: where it begins, where its text ends, where the next one begins. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

export interface EventFields {
  /** Values of the data lines, joined by LF; null when there is no data line. */
  readonly data: Uint8Array | null;
  readonly type: string | null;
  readonly id: string | null;
}

/** Reads an event's fields (WHATWG HTML section 9.2.6, "Interpreting an event stream"). */
export function readEventFields(raw: Uint8Array): EventFields {
  const data: Uint8Array[] = [];
  let type: string | null = null;
  let id: string | null = null;
  for (const line of linesOf(raw)) {
    switch (fieldName(raw, line)) {
      case "data":
        data.push(fieldValue(raw, line));
        break;
      case "event":
        type = textOf(fieldValue(raw, line));
        break;
      case "id":
        id = idOf(fieldValue(raw, line)) ?? id;
        break;
      default:
        break;
    }
  }
  return { data: data.length === 0 ? null : joined(data), type, id };
}

/**
 * Whether an event has lines that set nothing (WHATWG HTML section 9.2.6, "Otherwise, the field is
 * ignored"): JSON that calls itself a stream looks like that.
 */
export function hasForeignLines(raw: Uint8Array): boolean {
  for (const line of linesOf(raw)) {
    const isBlank = line.end === line.start || raw[line.start] === COLON;
    if (!isBlank && !FIELDS.has(fieldName(raw, line))) return true;
  }
  return false;
}

const FIELDS: ReadonlySet<string> = new Set(["data", "event", "id", "retry"]);

/** The next LF or CR at or behind `from`; the length when there is none. */
export function lineEnd(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  for (let at = from; at < length; at += 1) {
    const byte = bytes[at];
    if (byte === LF || byte === CR) return at;
  }
  return length;
}

/** LF, CR and CRLF end a line. */
export function* linesOf(bytes: Uint8Array): Generator<Line> {
  let start = 0;
  while (start < bytes.length) {
    const end = lineEnd(bytes, start);
    const isPair = bytes[end] === CR && bytes[end + 1] === LF;
    const next = Math.min(bytes.length, end + (isPair ? 2 : 1));
    yield { start, end, next };
    start = next;
  }
}

/** The name of the field a line sets; empty for a blank line, a comment and an unknown field. */
export function fieldName(raw: Uint8Array, line: Line): string {
  const length = nameEnd(raw, line) - line.start;
  if (length > LONGEST_NAME) return "";
  return textOf(raw.subarray(line.start, line.start + length));
}

function fieldValue(raw: Uint8Array, line: Line): Uint8Array {
  const colon = nameEnd(raw, line);
  const start = raw[colon + 1] === SPACE ? colon + 2 : colon + 1;
  return raw.subarray(Math.min(start, line.end), line.end);
}

/** Looks no further than the longest name that matters, so that long lines cost nothing. */
function nameEnd(raw: Uint8Array, { start, end }: Line): number {
  const limit = Math.min(end, start + LONGEST_NAME + 1);
  for (let at = start; at < limit; at += 1) if (raw[at] === COLON) return at;
  return end;
}

/** An id with a NUL is ignored (WHATWG HTML section 9.2.6). */
function idOf(value: Uint8Array): string | null {
  return value.includes(0) ? null : textOf(value);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  const [only] = lines;
  if (only !== undefined && lines.length === 1) return only;
  const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line]));
  return Buffer.concat(parts);
}

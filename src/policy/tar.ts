import { err, ok, type Result } from "../core/result.ts";

const BLOCK_BYTES = 512;
const REGULAR_FILE = new Set(["0", "\0"]);
/** A pax header: the name of the member that follows stands in it, and not in the member. */
const PAX_HEADER = "x";

const utf8 = new TextDecoder();

/**
 * The files of a tar archive (POSIX ustar) by name, as views into `archive`. Each header must carry
 * its checksum. A member whose name needs a pax header is left out: no part of a policy bundle that
 * is read here has so long a name.
 */
export function readTar(archive: Uint8Array): Result<ReadonlyMap<string, Uint8Array>, string> {
  const files = new Map<string, Uint8Array>();
  let nameIsElsewhere = false;

  for (let at = 0; at + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return ok(files);
    if (octal(header, 148, 8) !== checksumOf(header)) return err("a header's checksum is wrong");

    const size = octal(header, 124, 12);
    const start = at + BLOCK_BYTES;
    if (size === null || start + size > archive.length) return err("a member is cut off");

    const type = text(header, 156, 1) || "\0";
    const name = nameOf(header);
    if (REGULAR_FILE.has(type) && !nameIsElsewhere) {
      if (files.has(name)) return err("a member comes twice");
      files.set(name, archive.subarray(start, start + size));
    }
    nameIsElsewhere = type === PAX_HEADER;
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return err("the end of the archive is missing");
}

function nameOf(header: Uint8Array): string {
  const name = text(header, 0, 100);
  const isUstar = text(header, 257, 5) === "ustar";
  const prefix = isUstar ? text(header, 345, 155) : "";
  const full = prefix === "" ? name : `${prefix}/${name}`;
  return `/${full.replace(/^(\.?\/)+/, "")}`;
}

/** The sum of all bytes, the checksum's own counted as spaces. */
function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  return sum;
}

function octal(header: Uint8Array, start: number, length: number): number | null {
  const digits = text(header, start, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** A field's text, up to its first NUL. */
function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return utf8.decode(end === -1 ? field : field.subarray(0, end));
}

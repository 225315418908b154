import { Buffer, isUtf8 } from "node:buffer";

/**
 * Whether a base64 text is the media its MIME type says: the first bytes agree with the type, all
 * of it is base64, and it does not decode to plain text. Servers name a type by a file's name, so
 * the type alone proves nothing.
 */
export function isMedia(base64: string, mimeType: string): boolean {
  const matches = SIGNATURES.get(essenceOf(mimeType));
  if (matches === undefined || !isBase64(base64)) return false;
  const sample = Buffer.from(base64.slice(0, SAMPLE_CHARACTERS), "base64");
  return matches.some((signature) => hasSignature(sample, signature)) && !isPlainText(sample);
}

/** A multiple of four, so that the sample ends between two groups. */
const SAMPLE_CHARACTERS = 5_464;

/** Bytes that must stand at an offset, written as Latin-1. */
interface Signature {
  readonly magic: string;
  readonly at: number;
}

function signature(magic: string, at = 0): Signature {
  return { magic, at };
}

const TIFF = [signature("II*\0"), signature("MM\0*")];
const ISO_MEDIA = [signature("ftyp", 4)];
const MATROSKA = [signature("\x1aE\xdf\xa3")];
const OGG = [signature("OggS")];
const WAVE = [signature("WAVE", 8)];
const MPEG_AUDIO = [
  signature("ID3"),
  signature("\xff\xfb"),
  signature("\xff\xf3"),
  signature("\xff\xf2"),
];
const ZIP = [signature("PK\x03\x04"), signature("PK\x05\x06")];
const GZIP = [signature("\x1f\x8b\x08")];

const SIGNATURES: ReadonlyMap<string, readonly Signature[]> = new Map([
  ["image/png", [signature("\x89PNG\r\n\x1a\n")]],
  ["image/jpeg", [signature("\xff\xd8\xff")]],
  ["image/gif", [signature("GIF87a"), signature("GIF89a")]],
  ["image/webp", [signature("WEBP", 8)]],
  ["image/bmp", [signature("BM")]],
  ["image/tiff", TIFF],
  ["image/x-icon", [signature("\0\0\x01\0")]],
  ["image/vnd.microsoft.icon", [signature("\0\0\x01\0")]],
  ["image/avif", ISO_MEDIA],
  ["image/heic", ISO_MEDIA],
  ["audio/wav", WAVE],
  ["audio/x-wav", WAVE],
  ["audio/wave", WAVE],
  ["audio/mpeg", MPEG_AUDIO],
  ["audio/mp3", MPEG_AUDIO],
  ["audio/mp4", ISO_MEDIA],
  ["audio/ogg", OGG],
  ["audio/flac", [signature("fLaC")]],
  ["audio/webm", MATROSKA],
  ["video/mp4", ISO_MEDIA],
  ["video/quicktime", ISO_MEDIA],
  ["video/webm", MATROSKA],
  ["video/x-matroska", MATROSKA],
  ["video/ogg", OGG],
  ["application/pdf", [signature("%PDF-")]],
  ["application/zip", ZIP],
  ["application/gzip", GZIP],
  ["application/x-gzip", GZIP],
]);

/** A MIME type without its parameters, in lower case. */
function essenceOf(mimeType: string): string {
  const semicolon = mimeType.indexOf(";");
  const essence = semicolon === -1 ? mimeType : mimeType.slice(0, semicolon);
  return essence.trim().toLowerCase();
}

/** To decode and encode again is five times as fast as to look at each character. */
function isBase64(text: string): boolean {
  return text.length > 0 && Buffer.from(text, "base64").toString("base64") === text;
}

function hasSignature(bytes: Buffer, { magic, at }: Signature): boolean {
  return bytes.toString("latin1", at, at + magic.length) === magic;
}

/** No control byte but white space, and UTF-8 but for a character cut off at the end. */
function isPlainText(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  }
  for (let cut = 0; cut < 4; cut += 1) {
    if (isUtf8(bytes.subarray(0, bytes.length - cut))) return true;
  }
  return false;
}

import { FILLER } from "./marks.ts";
import { anyWordOf } from "./pattern.ts";

/** Shapes that look random and are public: identities, digests, addresses. */
const INNOCENT_SHAPES: readonly RegExp[] = [
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, // UUID
  /^[0-9A-HJKMNP-TV-Z]{26}$/, // ULID
  /^(?:sha(?:1|256|384|512)|md5|h1)[-:=]/i, // Subresource Integrity, OCI and Go digests
  /^[0-9]+$/,
  /^v?[0-9]+(?:\.[0-9A-Za-z-]+)+$/, // versions
  /^AAAA[BCE]3Nza/, // SSH public keys
  /^(?:MII[BCDEF]|LS0tLS1CRUdJTiBD)/, // certificates and public keys, in DER and in base64 PEM
  /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|JVBERi0|UEsDB|H4sI|AGFzbQ|d09G)/, // media, archives, fonts
];

/** What stands right before a run when it is the rest of something public. */
const INNOCENT_LEAD = new RegExp(
  anyWordOf(
    "sha1 sha256 sha384 sha512 md5 integrity fingerprint checksum digest etag hash base64,",
    "public[-_\\s]?key cursor nonce challenge boundary commit index revision module chunk",
    "_ga gclid fbclid utm_[a-z]{1,20}",
  ) + String.raw`["']?\s{0,2}[-:=@,"' (]{0,4}$`,
  "i",
);

const FILLER_CODE = FILLER.charCodeAt(0);
const LEAD_LENGTH = 40;
const URL_LOOKBACK = 2048;

/** Whether a value has a shape that is public by what it is. */
export function isInnocentShape(value: string): boolean {
  return INNOCENT_SHAPES.some((shape) => shape.test(value));
}

/** Whether what stands before offset `start` says that what follows is public. */
export function hasInnocentLead(text: string, start: number): boolean {
  return INNOCENT_LEAD.test(text.slice(Math.max(0, start - LEAD_LENGTH), start));
}

/**
 * Whether offset `at` lies in a URL or a path: the unbroken text before it has a slash. A mark in
 * it may have been one, so that it counts as such: else each pass would find one piece more.
 */
export function isInAddress(text: string, at: number): boolean {
  const floor = Math.max(0, at - URL_LOOKBACK);
  for (let index = at - 1; index >= floor; index--) {
    const code = text.charCodeAt(index);
    if (code === 0x2f || code === 0x40 || code === 0x23 || code === FILLER_CODE) return true;
    if (code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x60) return false;
  }
  return false;
}

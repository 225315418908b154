const LEAST_BODY_LENGTH = 32;
const END_LINE = /-----END (?:[A-Z0-9 ]{1,40} )?PRIVATE KEY(?: BLOCK)?-----/y;
const HEADER_LINE = /(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash): ?[ -~]{0,100}/y;

/**
 * Where a private key's block ends whose BEGIN line ends at `start`: behind its END line, or where
 * its base64 stops when that line is missing. Null when no key follows. Line ends may be escaped
 * (`\n`), as they are inside JSON, source code and environment files.
 */
export function pemBlockEnd(text: string, start: number): number | null {
  let at = start;
  let bodyLength = 0;
  let bodyEnd = start;
  while (at < text.length) {
    const separator = separatorLength(text, at);
    if (separator > 0) {
      at += separator;
    } else if (isBase64Code(text.charCodeAt(at))) {
      const header = headerEnd(text, at);
      if (header === null) bodyLength++;
      at = header ?? at + 1;
      bodyEnd = at;
    } else {
      break;
    }
  }
  if (bodyLength < LEAST_BODY_LENGTH || looksLikeProse(text, start, bodyEnd)) return null;
  END_LINE.lastIndex = at;
  return END_LINE.test(text) ? END_LINE.lastIndex : bodyEnd;
}

/** Length of white space, quoting or an escaped line end at `at`; 0 when there is none. */
function separatorLength(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x2c) return 1;
  if (code !== 0x5c) return 0;
  return /[nrt\\]/.test(text.charAt(at + 1)) ? 2 : 1;
}

/** End of an RFC 1421 or OpenPGP header line that starts at `at`; null when none does. */
function headerEnd(text: string, at: number): number | null {
  HEADER_LINE.lastIndex = at;
  return HEADER_LINE.test(text) ? HEADER_LINE.lastIndex : null;
}

/** Base64 has no spaces between short words. */
function looksLikeProse(text: string, start: number, end: number): boolean {
  return text.slice(start, start + Math.min(160, end - start)).split(" ").length > 8;
}

function isBase64Code(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2b ||
    code === 0x2f ||
    code === 0x3d
  );
}

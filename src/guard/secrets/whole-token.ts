/** What may join the parts of one token, as in a JWT, `id:secret` or `%3D`. */
const JOINTS = ".:%~";
const PART_LEAST_LENGTH = 6;
/** Longer parts are chance even without a digit. */
const LONG_PART_LENGTH = 20;
const TOKEN_MAX_LENGTH = 8192;

/** `[start, end)` and the parts of the same token beside it, so that no piece of it stays. */
export function wholeToken(
  text: string,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  const floor = Math.max(0, start - TOKEN_MAX_LENGTH);
  const limit = Math.min(text.length, end + TOKEN_MAX_LENGTH);
  return { start: growLeft(text, start, floor), end: growRight(text, end, limit) };
}

function growRight(text: string, end: number, limit: number): number {
  let whole = end;
  while (whole < limit && JOINTS.includes(text.charAt(whole))) {
    let at = whole + 1;
    while (at < limit && isPartCode(text.charCodeAt(at))) at++;
    if (!isPart(text.slice(whole + 1, at))) break;
    whole = at;
  }
  return whole;
}

function growLeft(text: string, start: number, floor: number): number {
  let whole = start;
  while (whole > floor && JOINTS.includes(text.charAt(whole - 1))) {
    let at = whole - 1;
    while (at > floor && isPartCode(text.charCodeAt(at - 1))) at--;
    if (!isPart(text.slice(at, whole - 1))) break;
    whole = at;
  }
  return whole;
}

function isPart(part: string): boolean {
  if (part.length < PART_LEAST_LENGTH) return false;
  return /[0-9]/.test(part) || (part.length >= LONG_PART_LENGTH && /[A-Z]/.test(part));
}

/** A letter, a digit, `_`, `-` or `=`; no slash, which would join the path of a URL. */
function isPartCode(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x2d ||
    code === 0x3d
  );
}

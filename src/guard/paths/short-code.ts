import { encodeBase32 } from "./base32.ts";
import { hmac } from "./hmac.ts";

const ID_BITS = 60;
const CHECK_BITS = 20;
const ID_LENGTH = ID_BITS / 5;

export const SHORT_CODE_LENGTH = (ID_BITS + CHECK_BITS) / 5;

/** 60 bits of the text's keyed hash, and 20 by which the code can be told from a look-alike. */
export function shortCode(key: Uint8Array, text: string): string {
  const id = encodeBase32(hmac(key, `id\0${text}`), ID_BITS);
  return id + checkOf(key, id);
}

/** Whether a code was made with this key; once in a million, a look-alike passes, too. */
export function hasCheck(key: Uint8Array, code: string): boolean {
  if (code.length !== SHORT_CODE_LENGTH) return false;
  return checkOf(key, code.slice(0, ID_LENGTH)) === code.slice(ID_LENGTH);
}

function checkOf(key: Uint8Array, id: string): string {
  return encodeBase32(hmac(key, `check\0${id}`), CHECK_BITS);
}

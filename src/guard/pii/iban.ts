import { endsFree, isAlphanumeric, isDigit, isLetter, isSpace, startsFree } from "./characters.ts";
import { remainder97 } from "./checksums.ts";
import type { Extent } from "./subject.ts";

/** Length of an IBAN by country (SWIFT IBAN Registry, ISO 13616). */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  [
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27",
    "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28",
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22",
    "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24",
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30",
  ]
    .flatMap((line) => line.split(" "))
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** The check digits of ISO 13616: country and check digits moved to the end, the rest of 97 is 1. */
export function isIban(value: string): boolean {
  if (LENGTHS.get(value.slice(0, 2)) !== value.length || !/^[A-Z]{2}[0-9]{2}/.test(value)) {
    return false;
  }
  return remainder97(value.slice(4) + value.slice(0, 4)) === 1;
}

/**
 * An IBAN whose check digits start at `firstDigit`: run together, or in groups of four. A single
 * hyphen or space may stand wherever somebody put one.
 */
export function ibanAt(text: string, firstDigit: number): Extent | null {
  const start = firstDigit - 2;
  if (!isLetter(text.charCodeAt(start)) || !isLetter(text.charCodeAt(start + 1))) return null;
  if (!isDigit(text.charCodeAt(firstDigit + 1)) || !startsFree(text, start)) return null;
  const length = LENGTHS.get(text.slice(start, firstDigit).toUpperCase());
  if (length === undefined) return null;

  let value = "";
  let end = start;
  for (; value.length < length; end++) {
    const code = text.charCodeAt(end);
    if (isAlphanumeric(code)) value += text.charAt(end);
    else if (!isSeparator(code) || !isAlphanumeric(text.charCodeAt(end + 1))) return null;
  }
  return endsFree(text, end) && isIban(value.toUpperCase()) ? { start, end } : null;
}

function isSeparator(code: number): boolean {
  return isSpace(code) || code === 0x2d || code === 0x2e;
}

export const IBAN_EXAMPLES = {
  match: [
    "DE89 3704 0044 0532 0130 00",
    "DE89370400440532013000",
    "IBAN: GB82 WEST 1234 5698 7654 32.",
    "gb82west12345698765432",
    "FR1420041010050500013M02606",
    "NO93 8601 1117 947",
    "MT84MALT011000012345MTLCAST001S",
    "iban=NL91ABNA0417164300&x=1",
    "CH93-0076-2011-6238-5295-7",
  ],
  noMatch: [
    "DE88 3704 0044 0532 0130 00",
    "DE893704004405320130001",
    "DE8937040044053201300",
    "XX89370400440532013000",
    "xDE89370400440532013000",
    "GB82-WEST",
    "AT20 is the 20th",
  ],
};

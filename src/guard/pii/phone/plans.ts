/** How many digits national numbers have, and what stands in front of them at home. */
interface Plan {
  readonly shortest: number;
  readonly longest: number;
  readonly trunk: string;
}

/**
 * Numbering plans by country calling code (ITU-T E.164): the length of the national number, both
 * ends included, and the trunk prefix, if there is one.
 */
const PLANS: ReadonlyMap<string, Plan> = new Map(
  [
    "1:10:1 7:10:8 20:8-10:0 27:9:0 30:10 31:9:0 32:8-9:0 33:9:0 34:9 36:8-9:06 39:6-11 40:9:0",
    "41:9:0 43:7-13:0 44:9-10:0 45:8 46:7-10:0 47:8 48:9 49:7-12:0 51:8-9:0 52:10 53:8:0 54:10-11:0",
    "55:10-11:0 56:9 57:10 58:10:0 60:8-10:0 61:9:0 62:8-12:0 63:8-10:0 64:8-10:0 65:8 66:8-9:0",
    "81:9-10:0 82:8-10:0 84:9-10:0 86:9-11:0 90:10:0 91:10:0 92:9-10:0 93:9:0 94:9:0 95:7-10:0",
    "98:10:0 211:9:0 212:9:0 213:8-9:0 216:8 218:8-9:0 220:7 221:9 223:8 225:10 226:8 227:8 228:8",
    "229:8-10 230:7-8 231:7-9:0 232:8:0 233:9:0 234:7-10:0 237:9 241:7-8 242:9 243:9:0 244:9 250:9:0",
    "251:9:0 252:7-9 254:9-10:0 255:9:0 256:9:0 257:8 258:8-9 260:9:0 261:9:0 262:9:0 263:8-9:0",
    "264:8-9:0 265:7-9:0 266:8 267:7-8 268:8 350:8 351:9 352:6-11 353:7-9:0 354:7 355:8-9:0 356:8",
    "357:8 358:6-11:0 359:8-9:0 370:8:8 371:8 372:7-8 373:8:0 374:8:0 375:9:8 376:6-9 377:8-9",
    "378:8-10 380:9:0 381:8-9:0 382:8:0 383:8:0 385:8-9:0 386:8:0 387:8:0 389:8:0 420:9 421:9:0",
    "423:7 501:7 502:8 503:8 504:8 505:8 506:8 507:7-8 509:8 590:9:0 591:8 592:7 593:8-9:0 595:9:0",
    "597:6-7 598:8:0 673:7 675:7-8 679:7 687:6 689:8 850:8-10:0 852:8 853:8 855:8-9:0 856:8-10:0",
    "880:8-10:0 886:8-9:0 960:7 961:7-8:0 962:8-9:0 963:8-9:0 964:8-10:0 965:8 966:9:0 967:7-9:0",
    "968:8 970:8-9:0 971:8-9:0 972:8-9:0 973:8 974:8 975:7-8 976:8:0 977:8-10:0 992:9 993:8:8",
    "994:9:0 995:9:0 996:9:0 998:9",
  ]
    .flatMap((line) => line.split(" "))
    .map(decodePlan),
);

function decodePlan(entry: string): readonly [string, Plan] {
  const [code = "", lengths = "", trunk = ""] = entry.split(":");
  const [shortest, longest = shortest] = lengths.split("-");
  return [code, { shortest: Number(shortest), longest: Number(longest), trunk }];
}

/** Whether these digits, as behind a `+`, are a country calling code and a number of its plan. */
export function isInternationalNumber(digits: string): boolean {
  for (let length = 1; length <= 3; length++) {
    const plan = PLANS.get(digits.slice(0, length));
    if (plan !== undefined) return isNational(digits.slice(length), digits.slice(0, length), plan);
  }
  return false;
}

function isNational(digits: string, code: string, { shortest, longest }: Plan): boolean {
  if (digits.length < shortest || digits.length > longest) return false;
  if (code === "1") return isNorthAmerican(digits);
  // Italian numbers keep their zero.
  return code === "39" || !digits.startsWith("0");
}

/** Ten digits of the North American Numbering Plan, as far as examples keep to it. */
export function isNorthAmerican(digits: string): boolean {
  return /^[2-9][0-9]{9}$/.test(digits) && !/^(.)\1+$/.test(digits);
}

const SHORTEST = 7;
const LONGEST = 12;

const LENGTHS_BEHIND_TRUNK = new Set(
  [...PLANS.values()]
    .filter(({ trunk }) => trunk.startsWith("0"))
    .flatMap(({ shortest, longest, trunk }) =>
      range(shortest + trunk.length, longest + trunk.length),
    ),
);
const LENGTHS_WITHOUT_TRUNK = new Set(
  [...PLANS.values()]
    .filter(({ trunk }) => !trunk.startsWith("0"))
    .flatMap(({ shortest, longest }) => range(shortest, longest)),
);

/** Whether some country would dial these digits at home. */
export function isDialledAtHome(digits: string): boolean {
  if (digits.length < SHORTEST || digits.length > LONGEST || /^(.)\1+$/.test(digits)) return false;
  const lengths = digits.startsWith("0") ? LENGTHS_BEHIND_TRUNK : LENGTHS_WITHOUT_TRUNK;
  return lengths.has(digits.length);
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** What an address is to somebody who may not reach it. */
export type AddressKind = "public" | "inside" | "metadata";

export interface HostAddress {
  readonly kind: AddressKind;
  /** It is not written as addresses are: `0x7f.1`, `2130706433`, `127.1`. */
  readonly odd: boolean;
}

/** IPv4 in all the ways that `inet_aton` takes (1 to 4 parts, octal, hexadecimal, too large too). */
export function readIpv4(host: string): HostAddress | null {
  const parts = host.split(".");
  if (parts.length > 4) return null;
  const numbers: bigint[] = [];
  let odd = parts.length !== 4;
  for (const part of parts) {
    if (!/^(?:0x[0-9a-f]{1,32}|[0-9]{1,32})$/i.test(part)) return null;
    const isOctal = /^0[0-7]+$/.test(part);
    odd ||= isOctal || /^0x/i.test(part) || part.length > 3;
    numbers.push(BigInt(isOctal ? `0o${part}` : part));
  }
  let address = 0n;
  for (const number of numbers.slice(0, -1)) {
    address = (address << 8n) | (number & 0xffn);
    odd ||= number > 255n;
  }
  const last = numbers.at(-1) ?? 0n;
  const bits = BigInt(8 * (5 - numbers.length));
  odd ||= numbers.length === 4 && last > 255n;
  const whole = (address << bits) | (last & ((1n << bits) - 1n));
  return { kind: kindOf(Number(whole & 0xffffffffn)), odd };
}

/** Network, length of its prefix. RFC 6890, and what clouds answer at. */
const INSIDE: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xe0000000, 3],
];
/** AWS, Azure, Google, Oracle, DigitalOcean; ECS; Alibaba; Azure's wire server; Oracle Classic. */
const METADATA: ReadonlySet<number> = new Set([
  0xa9fea9fe, 0xa9feaa02, 0x646464c8, 0xa83f8110, 0xc00000c0, 0xa9feaa17, 0xa9fe0a0a,
]);

function kindOf(address: number): AddressKind {
  if (METADATA.has(address)) return "metadata";
  const isInside = INSIDE.some(([network, length]) => {
    const size = 2 ** (32 - length);
    return Math.floor(address / size) === Math.floor(network / size);
  });
  return isInside ? "inside" : "public";
}

/** IPv6 in brackets or without, zone and all; with IPv4 inside in each way it is carried. */
export function readIpv6(host: string): HostAddress | null {
  const plain = host
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .toLowerCase();
  if (!plain.includes(":") || !/^[0-9a-f:.]+$/.test(plain) || plain.length > 64) return null;
  const words = wordsOf(plain);
  if (words === null) return null;
  const at = (index: number) => words[index] ?? 0;
  const carried = carriedIpv4(words);
  if (carried !== null) return { kind: kindOf(carried), odd: true };
  if (at(0) === 0xfd00 && at(1) === 0x0ec2) return { kind: "metadata", odd: false };
  const leading = words.slice(0, 7).every((word) => word === 0);
  const isInside = (leading && at(7) <= 1) || (at(0) & 0xfe00) === 0xfc00 || at(0) >= 0xfe80;
  return { kind: isInside ? "inside" : "public", odd: false };
}

/** Mapped, compatible, NAT64 (RFC 6052), 6to4, Teredo, ISATAP. */
function carriedIpv4(words: readonly number[]): number | null {
  const at = (index: number) => words[index] ?? 0;
  const pair = (index: number) => at(index) * 0x10000 + at(index + 1);
  if (words.slice(0, 5).every((word) => word === 0)) {
    if (at(5) === 0xffff) return pair(6);
    if (at(5) === 0 && at(6) !== 0) return pair(6);
  }
  if (words.slice(0, 4).every((word) => word === 0) && at(4) === 0xffff && at(5) === 0)
    return pair(6);
  if (at(0) === 0x64 && at(1) === 0xff9b) return pair(6);
  if (at(0) === 0x2002) return pair(1);
  if (at(0) === 0x2001 && at(1) === 0) return ~pair(6) >>> 0;
  if (at(4) === 0 && at(5) === 0x5efe) return pair(6);
  return null;
}

function wordsOf(text: string): readonly number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const sides = halves.map((half) => (half === "" ? [] : half.split(":").flatMap(wordOf)));
  const [head = [], tail = []] = sides;
  if ([...head, ...tail].some((word) => Number.isNaN(word))) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return head.length === 8 ? head : null;
  return missing < 0 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function wordOf(text: string): readonly number[] {
  if (text.includes(".")) {
    const parts = text
      .split(".")
      .map((part) => (/^[0-9]{1,3}$/.test(part) ? Number(part) : Number.NaN));
    const [a = Number.NaN, b = Number.NaN, c = Number.NaN, d = Number.NaN] = parts;
    return [a * 256 + b, c * 256 + d];
  }
  return [/^[0-9a-f]{1,4}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN];
}

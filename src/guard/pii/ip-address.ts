import { isIPv6 } from "node:net";
import { endsFree, startsFree } from "./characters.ts";
import type { Extent } from "./subject.ts";

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`(?<![\\w.:])${OCTET}(?:\\.${OCTET}){3}(?![\\w.]*[0-9])`, "g");
/** Anything made of hexadecimal groups and colons, to be judged whole. */
const IPV6 = /(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,8}[0-9A-Fa-f]{0,4}(?![\w:])/g;
/** Unspecified, loopback, link-local, multicast and broadcast: nobody's. */
const NOBODYS = /^(?:0|127|22[4-9]|23[0-9]|255)\.|^169\.254\.|^::1?$|^fe[89ab]|^ff/i;
/** Words behind which four numbers are a version. */
const VERSION_BEFORE = /(?:version|release|build|v)["':= ]{0,4}$/i;
const VERSION_REACH = 16;

/** IPv4 and IPv6 addresses that can belong to somebody. */
export function findIpAddresses(text: string): readonly Extent[] {
  if (!text.includes(".") && !text.includes(":")) return [];
  const found: Extent[] = [];
  for (const { index: start, 0: address } of text.matchAll(IPV4)) {
    const end = start + address.length;
    if (NOBODYS.test(address) || !startsFree(text, start) || !endsFree(text, end)) continue;
    if (VERSION_BEFORE.test(text.slice(Math.max(0, start - VERSION_REACH), start))) continue;
    found.push({ start, end });
  }
  for (const { index: start, 0: address } of text.matchAll(IPV6)) {
    const telling = /[0-9]/.test(address) && address.length >= 6;
    if (!telling || NOBODYS.test(address) || !isIPv6(address)) continue;
    found.push({ start, end: start + address.length });
  }
  return found.sort((left, right) => left.start - right.start);
}

export const IP_EXAMPLES = {
  match: [
    "from 203.0.113.7 at",
    "client=198.51.100.23;",
    "2001:db8::8a2e:370:7334",
    "10.1.2.3:8080",
  ],
  noMatch: [
    "1.2.3",
    "127.0.0.1",
    "0.0.0.0",
    "version 1.2.3.4",
    "1.2.3.4.5",
    "256.1.1.1",
    "12:34:56",
    "std::vector",
    "::1",
    "a::b",
    "fe80::1",
  ],
};

import { domainToASCII } from "node:url";
import type { NameAnswer } from "../../../core/names.ts";
import { readings } from "../decode/readings.ts";
import { purposeOf } from "../purpose.ts";
import { readIpv4, readIpv6 } from "./address.ts";
import { hostKind } from "./host.ts";
import { hostsInUrl } from "./ssrf.ts";

/** A longer text is no URL that a tool would ask for. */
const TEXT_MAX_LENGTH = 2048;
/** RFC 1035 section 2.3.4, as text. */
const NAME = /^(?=.{1,253}$)(?=.*[a-z])[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** The names that DNS has to be asked about in a value that is a URL; none of prose. */
export function namesIn(text: string, argument: string | null): readonly string[] {
  if (text.length > TEXT_MAX_LENGTH || !/[.:/\\]/.test(text)) return NONE;
  const names = new Set<string>();
  for (const reading of readings(text, purposeOf(argument))) {
    if (reading.shape !== "value") continue;
    for (const host of hostsInUrl(reading)) {
      const name = nameOf(host);
      if (name !== null) names.add(name);
    }
  }
  return [...names];
}

const NONE: readonly string[] = [];

/** Null for an address, and for what is no name. */
function nameOf(host: string): string | null {
  const kind = hostKind(host);
  if (kind !== "name" && kind !== "wild") return null;
  const name = domainToASCII(host.replace(/\.+$/, "")).toLowerCase();
  return NAME.test(name) ? name : null;
}

/** Whether a tool that asks for this name may end up inside, as far as anybody can tell. */
export function mayLeadInside(answer: NameAnswer | undefined): boolean {
  // FAIL CLOSED: what nobody could tell in time, the tool may find out all the same.
  if (answer === undefined || answer === null) return true;
  return answer.some((address) => {
    const read = address.includes(":") ? readIpv6(address) : readIpv4(address);
    return read === null || read.kind !== "public";
  });
}

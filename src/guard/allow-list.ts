import { createHmac } from "node:crypto";
import type { AllowEntry, Place } from "../core/finding.ts";
import { compileGlob } from "../core/glob.ts";

/** What is known to be no finding. */
export interface AllowList {
  /** What it says of hits in one leaf, whose JSON Pointer is `pointer`. */
  at(pointer: string, place: Place): Allowance;
}

/** Whether a hit of `rule` is allowed; `value` is its text's hash, null where nobody has a key. */
export type Allowance = (rule: string, value: string | null) => boolean;

/** The same key makes pseudonyms of subjects: a value must not be told by a subject's name. */
const DOMAIN = "value\0";

/** The keyed hash of a value: equal for equal values, and it says nothing of them without `key`. */
export function hashOfValue(value: string, key: Uint8Array): string {
  return `hmac-sha256:${createHmac("sha256", key)
    .update(DOMAIN + value, "utf8")
    .digest("hex")}`;
}

export function createAllowList(entries: readonly AllowEntry[]): AllowList {
  const compiled = entries.map(compile);

  function at(pointer: string, place: Place): Allowance {
    const near = compiled.filter(({ isHere }) => isHere(pointer, place));
    return (rule, value) => near.some(({ isThis }) => isThis(rule, value));
  }

  return { at };
}

interface CompiledEntry {
  readonly isHere: (pointer: string, place: Place) => boolean;
  readonly isThis: Allowance;
}

function compile(entry: AllowEntry): CompiledEntry {
  const rule = fitter(entry.rule);
  const server = fitter(entry.server);
  const tool = fitter(entry.tool);
  const pointer = fitter(entry.pointer);

  return {
    isHere: (at, place) => server(place.server) && tool(place.tool) && pointer(at),
    isThis: (name, value) => (entry.value === undefined || entry.value === value) && rule(name),
  };
}

/** A glob that is not given fits all; one that is given does not fit what is not there. */
function fitter(source: string | undefined): (text: string | null) => boolean {
  if (source === undefined) return () => true;
  const glob = compileGlob(source);
  return (text) => text !== null && glob.fits(text);
}

import type { Peer } from "../core/exchange.ts";

/** One proxy's word for the certificate of the one before it. */
export type Element = ReadonlyMap<string, readonly string[]>;

const ELEMENTS_MAX = 32;
const PAIRS_MAX = 64;

/**
 * The elements of `x-forwarded-client-cert` (Envoy, "HTTP header manipulation"): separated by
 * commas, each a list of `Key=value` separated by semicolons; a value in quotes may hold both, and
 * quotes after a backslash. Null for whatever is not of this form to the letter: of a text that
 * two readers could read differently nothing is believed. Takes time in proportion to its length.
 */
export function decodeClientCertificates(header: string): readonly Element[] | null {
  const elements: Element[] = [];
  let element = new Map<string, string[]>();
  let pairs = 0;
  let at = 0;
  while (elements.length < ELEMENTS_MAX && pairs < PAIRS_MAX) {
    const pair = pairAt(header, at);
    if (pair === null) return null;
    pairs += 1;
    const key = pair.key.toLowerCase();
    element.set(key, [...(element.get(key) ?? []), pair.value]);
    at = pair.end + 1;
    if (pair.end === header.length) return [...elements, element];
    if (header[pair.end] === ";") continue;
    elements.push(element);
    element = new Map();
  }
  return null;
}

/** What is believed of one element; null for a certificate with several names of one kind. */
export function peerOf(element: Element): Peer | null {
  const [uri, dns, subject, hash] = ["uri", "dns", "subject", "hash"].map((key) =>
    only(element, key),
  );
  // A certificate may have several DNS names; it is the first that Envoy's own attribute has.
  if (uri === undefined || subject === undefined || hash === undefined) return null;
  const fingerprint = hash !== null && SHA256.test(hash) ? hash.toLowerCase() : null;
  return { uri, dns: dns ?? element.get("dns")?.[0] ?? null, subject, fingerprint };
}

/** Null where there is none, or an empty one; undefined where there are several. */
function only(element: Element, key: string): string | null | undefined {
  const [value, ...others] = element.get(key) ?? [];
  if (others.length > 0) return undefined;
  return value === undefined || value === "" ? null : value;
}

interface Pair {
  readonly key: string;
  readonly value: string;
  /** Where the separator behind it stands, or the header ends. */
  readonly end: number;
}

const SHA256 = /^[0-9a-fA-F]{64}$/;
const KEY = /[A-Za-z]{1,16}=/y;
const QUOTED = /"(?:[^"\\]|\\["\\])*"(?=[,;]|$)/y;
/** A space only ever stands behind a comma that joins two headers, and is no part of a value. */
const BARE = /[^"\\,; ]*(?=[,;]|$)/y;

function pairAt(header: string, from: number): Pair | null {
  // Two headers of this name were joined by ", ".
  const start = header[from] === " " && header[from - 1] === "," ? from + 1 : from;
  const key = match(KEY, header, start);
  if (key === null) return null;
  const valueStart = start + key.length;
  const isQuoted = header[valueStart] === '"';
  const raw = match(isQuoted ? QUOTED : BARE, header, valueStart);
  if (raw === null) return null;
  const value = isQuoted ? raw.slice(1, -1).replace(/\\(["\\])/g, "$1") : raw;
  return { key: key.slice(0, -1), value, end: valueStart + raw.length };
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

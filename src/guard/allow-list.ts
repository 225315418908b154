import { createHmac, timingSafeEqual } from "node:crypto";
import type { Hit, Place } from "../core/finding.ts";
import { type Leaf, pointerOf } from "../core/json.ts";

/**
 * What is known to be no finding: the remedy for a false alarm. Every field that is given must
 * agree; names and pointers are globs, where `*` stands for any text.
 */
export interface AllowEntry {
  /** `secrets/named-key`, as findings and receipts name it. */
  readonly rule?: string;
  readonly server?: string;
  readonly tool?: string;
  /** JSON Pointer in the body: `/result/content/*`. */
  readonly pointer?: string;
  /** `hmac-sha256:…` of the value, so that the list itself holds no secret. */
  readonly value?: string;
}

/** Says whether a hit is on the list. */
export interface AllowList {
  allows(guard: string, hit: Hit, leaf: Leaf, place: Place): boolean;
}

const HASH_PREFIX = "hmac-sha256:";

/** The keyed hash of a value, as an entry holds it. */
export function hashOfValue(value: string, key: Uint8Array): string {
  return HASH_PREFIX + createHmac("sha256", key).update(value, "utf8").digest("hex");
}

/** A list of `entries`; without a `key` an entry with a hash allows nothing. */
export function createAllowList(entries: readonly AllowEntry[], key: Uint8Array | null): AllowList {
  const matchers = entries.map((entry) => matcherOf(entry, key));

  function allows(guard: string, hit: Hit, leaf: Leaf, place: Place): boolean {
    return matchers.some((matches) => matches(`${guard}/${hit.kind}`, hit, leaf, place));
  }

  return { allows };
}

type Matcher = (rule: string, hit: Hit, leaf: Leaf, place: Place) => boolean;

/** The cheap looks come first: most hits are not even of the rule. */
function matcherOf(entry: AllowEntry, key: Uint8Array | null): Matcher {
  const rule = globOf(entry.rule);
  const server = globOf(entry.server);
  const tool = globOf(entry.tool);
  const pointer = globOf(entry.pointer);

  return (ruleName, hit, leaf, place) =>
    rule(ruleName) &&
    server(place.server) &&
    (entry.tool === undefined || (place.tool !== null && tool(place.tool))) &&
    (entry.pointer === undefined || pointer(pointerOf(leaf.location))) &&
    (entry.value === undefined || isValue(entry.value, hit, leaf, key));
}

function isValue(expected: string, hit: Hit, leaf: Leaf, key: Uint8Array | null): boolean {
  if (key === null) return false;
  const actual = Buffer.from(hashOfValue(leaf.text.slice(hit.start, hit.end), key));
  const wanted = Buffer.from(expected.toLowerCase());
  return actual.length === wanted.length && timingSafeEqual(actual, wanted);
}

/** Whether a text fits a glob; linear, for `*` is tried at the next place only. */
function globOf(glob: string | undefined): (text: string) => boolean {
  if (glob === undefined) return () => true;
  const parts = glob.split("*");
  const [head = ""] = parts;
  if (parts.length === 1) return (text) => text === glob;

  const tail = parts.at(-1) ?? "";
  const middle = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(head) || text.length < head.length + tail.length) return false;
    const end = text.length - tail.length;
    let at = head.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return text.endsWith(tail);
  };
}

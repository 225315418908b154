import type { ListedKind } from "../core/catalogue.ts";
import type { Finding } from "../core/finding.ts";
import type { PolicyFault, Reason } from "../core/policy.ts";

/** What a caller may see of one item. */
export type Sight =
  | { readonly kind: "shown" }
  | { readonly kind: "hidden"; readonly reasons: readonly Reason[] }
  | { readonly kind: "fault"; readonly code: PolicyFault["code"] };

/** What callers of one class see, for as long as it may be remembered. */
export interface ClassSights {
  readonly items: Map<string, Sight>;
  /** Whether something of a listing is hidden from them. */
  readonly hides: Map<ListedKind, boolean>;
}

/**
 * What was seen of listings on their way: a memory that may forget anything at any time, bounded
 * however many callers and names there are. Times are the clock's own, in milliseconds.
 */
export interface Sights {
  /** Of the callers that `key` stands for; what it said a while ago is forgotten. */
  of(key: string, now: number): ClassSights;
  /** Keeps what the policy said, where there is room. */
  keep(sights: ClassSights, item: string, sight: Sight): void;
  /** What the guards found in an item when it was listed last, so that a call is judged by it. */
  findings(server: string, kind: ListedKind, name: string): readonly Finding[];
  found(server: string, kind: ListedKind, name: string, findings: readonly Finding[]): void;
  /** The last page of a whole listing passed. */
  listed(server: string, kind: ListedKind, now: number): void;
  /** Whether that was only just now. */
  isFresh(server: string, kind: ListedKind, now: number): boolean;
}

/**
 * A decision may rest on the time of day or on facts of the caller's that change: it holds this
 * long. Clients are told as much (`ttlMs`).
 */
export const SIGHT_MAX_AGE_MS = 5_000;

/** A server may have grown a tool since, and another replica may have listed it. */
const LISTING_MAX_AGE_MS = 60_000;

const CLASSES_MAX = 256;
const ITEMS_OF_CLASS_MAX = 4_096;
const ITEMS_MAX = 65_536;
const KEY_MAX_LENGTH = 2_048;
const FOUND_MAX = 4_096;
const LISTINGS_MAX = 1_024;

const NOTHING_FOUND: readonly Finding[] = [];

export function createSights(): Sights {
  const classes = new Map<string, ClassSights & { readonly since: number }>();
  const found = new Map<string, readonly Finding[]>();
  const seen = new Map<string, number>();
  let items = 0;

  function forget(key: string): void {
    items -= classes.get(key)?.items.size ?? 0;
    classes.delete(key);
  }

  function forgetOldest(): void {
    for (const key of classes.keys()) {
      if (classes.size <= CLASSES_MAX && items <= ITEMS_MAX - ITEMS_OF_CLASS_MAX) return;
      forget(key);
    }
  }

  return {
    of(key, now) {
      const known = classes.get(key);
      if (known !== undefined && now - known.since < SIGHT_MAX_AGE_MS) return known;
      forget(key);
      const fresh = { items: new Map(), hides: new Map(), since: now };
      classes.set(key, fresh);
      forgetOldest();
      return fresh;
    },
    keep(sights, item, sight) {
      if (item.length > KEY_MAX_LENGTH) return;
      if (sights.items.size >= ITEMS_OF_CLASS_MAX) {
        items -= sights.items.size;
        sights.items.clear();
      }
      if (items >= ITEMS_MAX) return;
      if (!sights.items.has(item)) items += 1;
      sights.items.set(item, sight);
    },
    findings: (server, kind, name) =>
      found.size === 0 ? NOTHING_FOUND : (found.get(`${kind} ${server} ${name}`) ?? NOTHING_FOUND),
    found(server, kind, name, findings) {
      const key = `${kind} ${server} ${name}`;
      found.delete(key);
      if (findings.length > 0 && key.length <= KEY_MAX_LENGTH) put(found, key, findings, FOUND_MAX);
    },
    listed: (server, kind, now) => put(seen, `${kind} ${server}`, now, LISTINGS_MAX),
    isFresh(server, kind, now) {
      const at = seen.get(`${kind} ${server}`);
      return at !== undefined && now - at < LISTING_MAX_AGE_MS;
    },
  };
}

/** Makes room by forgetting what was put first. */
function put<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= max && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

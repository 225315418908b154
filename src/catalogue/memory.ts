import { createHash } from "node:crypto";
import {
  type KnownTool,
  type ListedKind,
  type ListingPage,
  NAME_MEMBER,
} from "../core/catalogue.ts";
import { type JsonObject, stringMember } from "../core/json.ts";
import type { Catalogue } from "../core/ports.ts";
import { canonicalJson } from "./canonical-json.ts";

export interface CatalogueLimits {
  /** Entries of one kind of one server; a listing with more is known in part. */
  readonly itemsMax: number;
  /** Characters of one definition; a longer one is known by its name alone. */
  readonly definitionMaxLength: number;
}

const DEFAULT_LIMITS: CatalogueLimits = { itemsMax: 4096, definitionMaxLength: 262_144 };

/**
 * A catalogue in this process. Names stay once they were seen, since what one caller is not shown
 * another may be; a definition is the last one seen.
 */
export function createCatalogue(limits: CatalogueLimits = DEFAULT_LIMITS): Catalogue {
  const listings = new Map<string, Listing>();
  const listingOf = (server: string, kind: ListedKind) => listings.get(`${kind} ${server}`);

  return {
    learn(server, page) {
      const key = `${page.kind} ${server}`;
      const listing = listings.get(key) ?? createListing();
      listings.set(key, listing);
      learnPage(listing, page, limits);
    },
    tool: (server, name) => listingOf(server, "tool")?.tools.get(name) ?? null,
    knows: (server, kind, name) => listingOf(server, kind)?.names.has(name) ?? false,
    names: (server, kind) => listingOf(server, kind)?.names.values() ?? [],
    isComplete: (server, kind) => listingOf(server, kind)?.isComplete ?? false,
  };
}

interface Listing {
  readonly names: Set<string>;
  readonly tools: Map<string, KnownTool>;
  /** Where pages that began at the first one go on: a chain that may reach the last. */
  readonly open: Set<string>;
  isComplete: boolean;
}

/** Cursors of chains that nobody followed to the end. */
const OPEN_MAX = 1024;

function createListing(): Listing {
  return { names: new Set(), tools: new Map(), open: new Set(), isComplete: false };
}

function learnPage(listing: Listing, page: ListingPage, limits: CatalogueLimits): void {
  const { cursor, nextCursor, items } = page;
  let isWhole = true;
  for (const item of items) {
    const name = stringMember(item, NAME_MEMBER[page.kind]);
    if (name === undefined) continue;
    if (!listing.names.has(name) && listing.names.size >= limits.itemsMax) isWhole = false;
    else listing.names.add(name);
    if (page.kind === "tool" && listing.names.has(name)) learnTool(listing, name, item, limits);
  }
  const isChained = cursor === null || listing.open.has(cursor);
  if (!isChained) return;
  if (!isWhole) listing.isComplete = false;
  else if (nextCursor === null) listing.isComplete = true;
  else if (listing.open.size < OPEN_MAX) listing.open.add(nextCursor);
}

function learnTool(listing: Listing, name: string, item: JsonObject, limits: CatalogueLimits) {
  const text = canonicalJson(item, limits.definitionMaxLength);
  if (text === null) {
    listing.tools.delete(name);
    return;
  }
  if (listing.tools.get(name)?.text === text) return;
  const hash = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  listing.tools.set(name, { name, hash, text });
}

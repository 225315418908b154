import { canonicalJson } from "../core/canonical-json.ts";
import {
  type KnownTool,
  type ListedKind,
  type ListingPage,
  NAME_MEMBER,
} from "../core/catalogue.ts";
import { type JsonObject, stringMember } from "../core/json.ts";
import type { Catalogue } from "../core/ports.ts";
import { DEFINITION_MAX_LENGTH, hashOf } from "./definition.ts";

export interface CatalogueLimits {
  /** Entries of one kind of one server; a listing with more is known in part. */
  readonly itemsMax: number;
  /** Characters of one definition; a longer one is known by its name alone. */
  readonly definitionMaxLength: number;
  /** Characters of all names of one kind of one server; of what is over, nothing is known. */
  readonly namesMaxLength: number;
  /** Characters of all definitions of one server; of what is over, the names alone are known. */
  readonly definitionsMaxLength: number;
}

export const DEFAULT_LIMITS: CatalogueLimits = {
  itemsMax: 4096,
  definitionMaxLength: DEFINITION_MAX_LENGTH,
  namesMaxLength: 4 * 1024 * 1024,
  definitionsMaxLength: 8 * 1024 * 1024,
};

/**
 * A catalogue in this process. Names stay once they were seen, since what one caller is not shown
 * another may be; a definition is the last one seen.
 */
export function createCatalogue(limits: CatalogueLimits = DEFAULT_LIMITS): Catalogue {
  const servers = new Map<string, Map<ListedKind, Listing>>();
  const listingOf = (server: string, kind: ListedKind) => servers.get(server)?.get(kind);

  return {
    learn(server, page) {
      const listings = servers.get(server) ?? new Map<ListedKind, Listing>();
      servers.set(server, listings);
      const listing = listings.get(page.kind) ?? createListing();
      listings.set(page.kind, listing);
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
  /** The very bytes that a tool of `tools` came in, where somebody told them. */
  readonly spellings: Map<string, Uint8Array>;
  /** Where pages that began at the first one go on: a chain that may reach the last. */
  readonly open: Set<string>;
  /** Characters of `names`. */
  namesLength: number;
  /** Characters of the definitions in `tools`. */
  definitionsLength: number;
  isComplete: boolean;
}

/** Cursors of chains that nobody followed to the end, and how long they may be. */
const OPEN_MAX = 1024;
const CURSOR_MAX_LENGTH = 4096;

function createListing(): Listing {
  return {
    names: new Set(),
    tools: new Map(),
    spellings: new Map(),
    open: new Set(),
    namesLength: 0,
    definitionsLength: 0,
    isComplete: false,
  };
}

function learnPage(listing: Listing, page: ListingPage, limits: CatalogueLimits): void {
  const { cursor, nextCursor } = page;
  const isWhole = learnItems(listing, page, limits);
  const isChained = cursor === null || listing.open.has(cursor);
  if (!isChained) return;
  if (!isWhole) listing.isComplete = false;
  else if (nextCursor === null) listing.isComplete = true;
  else if (listing.open.size < OPEN_MAX && nextCursor.length <= CURSOR_MAX_LENGTH) {
    listing.open.add(nextCursor);
  }
}

/** False where there was no room for all of them. */
function learnItems(listing: Listing, page: ListingPage, limits: CatalogueLimits): boolean {
  const seen = new Set<string>();
  let isWhole = true;
  for (const item of page.items) {
    const name = stringMember(item, NAME_MEMBER[page.kind]);
    if (name === undefined) continue;
    if (!learnName(listing, name, limits)) {
      isWhole = false;
      continue;
    }
    // A name that one page has twice stands for no definition: nobody knows which one is called.
    if (seen.has(name)) forgetTool(listing, name);
    else if (page.kind === "tool") learnTool(listing, name, item, page, limits);
    seen.add(name);
  }
  return isWhole;
}

/** False where there is no room for it. */
function learnName(listing: Listing, name: string, limits: CatalogueLimits): boolean {
  const { names } = listing;
  if (names.has(name)) return true;
  const length = listing.namesLength + name.length;
  if (names.size >= limits.itemsMax || length > limits.namesMaxLength) return false;
  names.add(name);
  listing.namesLength = length;
  return true;
}

function forgetTool(listing: Listing, name: string): void {
  listing.definitionsLength -= listing.tools.get(name)?.text.length ?? 0;
  listing.tools.delete(name);
  listing.spellings.delete(name);
}

function learnTool(
  listing: Listing,
  name: string,
  item: JsonObject,
  page: ListingPage,
  limits: CatalogueLimits,
): void {
  const { tools, spellings } = listing;
  const bytes = page.bytes?.subarray(item.start, item.end);
  const known = tools.get(name);
  const spelling = spellings.get(name);
  const isSpelledAlike = bytes !== undefined && spelling !== undefined && isSame(bytes, spelling);
  if (known !== undefined && isSpelledAlike) return;

  const text = canonicalJson(item, limits.definitionMaxLength);
  forgetTool(listing, name);
  const isRoom = listing.definitionsLength + (text?.length ?? 0) <= limits.definitionsMaxLength;
  if (text === null || !isRoom) return;
  listing.definitionsLength += text.length;
  tools.set(name, { name, hash: known?.text === text ? known.hash : hashOf(text), text });
  // A copy, since the page goes; what is spelled far longer than it need be is not kept.
  if (bytes !== undefined && bytes.length <= 4 * text.length) {
    spellings.set(name, Uint8Array.from(bytes));
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

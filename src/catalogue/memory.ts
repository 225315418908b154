import {
  type KnownTool,
  type ListedKind,
  type ListingPage,
  NAME_MEMBER,
} from "../core/catalogue.ts";
import { type JsonObject, stringMember } from "../core/json.ts";
import type { Catalogue } from "../core/ports.ts";
import { canonicalJson } from "./canonical-json.ts";
import { DEFINITION_MAX_LENGTH, hashOf } from "./definition.ts";

export interface CatalogueLimits {
  /** Entries of one kind of one server; a listing with more is known in part. */
  readonly itemsMax: number;
  /** Characters of one definition; a longer one is known by its name alone. */
  readonly definitionMaxLength: number;
}

const DEFAULT_LIMITS: CatalogueLimits = {
  itemsMax: 4096,
  definitionMaxLength: DEFINITION_MAX_LENGTH,
};

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
  /** The very bytes that a tool of `tools` came in, where somebody told them. */
  readonly spellings: Map<string, Uint8Array>;
  /** Where pages that began at the first one go on: a chain that may reach the last. */
  readonly open: Set<string>;
  isComplete: boolean;
}

/** Cursors of chains that nobody followed to the end. */
const OPEN_MAX = 1024;

function createListing(): Listing {
  const tools = new Map<string, KnownTool>();
  return { names: new Set(), tools, spellings: new Map(), open: new Set(), isComplete: false };
}

function learnPage(listing: Listing, page: ListingPage, limits: CatalogueLimits): void {
  const { cursor, nextCursor } = page;
  const isWhole = learnItems(listing, page, limits);
  const isChained = cursor === null || listing.open.has(cursor);
  if (!isChained) return;
  if (!isWhole) listing.isComplete = false;
  else if (nextCursor === null) listing.isComplete = true;
  else if (listing.open.size < OPEN_MAX) listing.open.add(nextCursor);
}

/** False where there was no room for all of them. */
function learnItems(listing: Listing, page: ListingPage, limits: CatalogueLimits): boolean {
  const seen = new Set<string>();
  let isWhole = true;
  for (const item of page.items) {
    const name = stringMember(item, NAME_MEMBER[page.kind]);
    if (name === undefined) continue;
    if (!listing.names.has(name) && listing.names.size >= limits.itemsMax) {
      isWhole = false;
      continue;
    }
    listing.names.add(name);
    // A name that one page has twice stands for no definition: nobody knows which one is called.
    if (seen.has(name)) listing.tools.delete(name);
    else if (page.kind === "tool") learnTool(listing, name, item, page, limits);
    seen.add(name);
  }
  return isWhole;
}

function learnTool(
  { tools, spellings }: Listing,
  name: string,
  item: JsonObject,
  page: ListingPage,
  limits: CatalogueLimits,
): void {
  const bytes = page.bytes?.subarray(item.start, item.end);
  const known = tools.get(name);
  const spelling = spellings.get(name);
  const isSpelledAlike = bytes !== undefined && spelling !== undefined && isSame(bytes, spelling);
  if (known !== undefined && isSpelledAlike) return;

  const text = canonicalJson(item, limits.definitionMaxLength);
  spellings.delete(name);
  if (text === null) {
    tools.delete(name);
    return;
  }
  tools.set(name, { name, hash: known?.text === text ? known.hash : hashOf(text), text });
  // A copy, since the page goes; what is spelled far longer than it need be is not kept.
  if (bytes !== undefined && bytes.length <= 4 * text.length) {
    spellings.set(name, Uint8Array.from(bytes));
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

import type { ListedKind, ListingPage } from "../core/catalogue.ts";
import type { Finding, Severity } from "../core/finding.ts";
import type { PinKind, PinNotice } from "../core/inventory.ts";
import { type JsonObject, member, stringMember } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Reading } from "./layer1.ts";
import type { Scene } from "./scene.ts";

/** What a method lists, and under which name its result holds it. */
export const LISTINGS: ReadonlyMap<string, { readonly kind: ListedKind; readonly member: string }> =
  new Map([
    ["tools/list", { kind: "tool", member: "tools" }],
    ["prompts/list", { kind: "prompt", member: "prompts" }],
    ["resources/list", { kind: "resource", member: "resources" }],
    ["resources/templates/list", { kind: "template", member: "resourceTemplates" }],
  ]);

/** What is remarkable in one message's listing: for the log, and as findings for the policy. */
export interface Learned {
  readonly notices: readonly PinNotice[];
  readonly findings: readonly Finding[];
}

const NOTHING: Learned = { notices: [], findings: [] };

const NOTHING_LEARNED: readonly Learned[] = [];

/**
 * Notes what a server offers, in its own words: before anything is taken out of them. One for each
 * message of a server's.
 */
export function learn(
  reading: Reading,
  scene: Scene,
  { pins, sights, clock }: Dependencies,
): readonly Learned[] {
  if (scene.direction === "request") return NOTHING_LEARNED;
  return reading.messages.map((message, index) => {
    const listing = listingOf(message);
    if (listing === null) return NOTHING;
    const page = { ...pageOf(message, listing), bytes: reading.document.bytes };
    const notices = pins.learn(scene.server, page);
    if (page.nextCursor === null) sights.listed(scene.server, page.kind, clock.monotonic());
    const at = `${reading.batch ? `/${index}` : ""}/result/${listing.member}`;
    return { notices, findings: notices.map((notice) => findingOf(notice, listing, at)) };
  });
}

/** The list in a result, as the server sent it. */
interface Listing {
  readonly kind: ListedKind;
  readonly member: string;
  /** The entries that are objects, each with its place in the list. */
  readonly entries: readonly { readonly place: number; readonly item: JsonObject }[];
}

/** The method of what answers a request of another exchange, on a stream taken up again. */
export const RESUMED = "";

/** Of what is known by its shape alone, whatever looks like a list of tools is one. */
function listingOf({ kind, method, payload }: Message): Listing | null {
  if (kind !== "result") return null;
  const listing = LISTINGS.get(method === RESUMED ? "tools/list" : (method ?? ""));
  if (listing === undefined) return null;
  const listed = member(payload, listing.member);
  if (listed?.kind !== "array") return null;
  const entries = listed.items.flatMap((item, place) =>
    item.kind === "object" ? [{ place, item }] : [],
  );
  return { ...listing, entries };
}

/** No server gives out this cursor: the page is the first of no chain, and goes on from none. */
const NOWHERE = "\0";

function pageOf({ method, cursor, payload }: Message, { kind, entries }: Listing): ListingPage {
  const nextCursor = stringMember(payload, "nextCursor") ?? null;
  const items = entries.map(({ item }) => item);
  return { kind, cursor: method === RESUMED ? NOWHERE : cursor, nextCursor, items };
}

const SEVERITY: { readonly [kind in PinKind]: Severity } = {
  drifted: "high",
  changed: "high",
  confusable: "medium",
  unpinned: "low",
};

function findingOf({ kind, index }: PinNotice, { entries }: Listing, at: string): Finding {
  return {
    guard: "pins",
    kind,
    at: `${at}/${entries[index]?.place ?? 0}`,
    action: "found",
    severity: SEVERITY[kind],
    length: 0,
    value: null,
  };
}

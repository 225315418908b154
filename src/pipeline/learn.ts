import type { ListedKind, ListingPage } from "../core/catalogue.ts";
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

/** Notes what a server offers, in its own words: before anything is taken out of them. */
export function learn(
  reading: Reading,
  scene: Scene,
  { catalogue, sights, clock }: Dependencies,
): void {
  if (scene.direction === "request") return;
  for (const message of reading.messages) {
    const page = pageOf(message);
    if (page === null) continue;
    catalogue.learn(scene.server, page);
    if (page.nextCursor === null) sights.listed(scene.server, page.kind, clock.monotonic());
  }
}

function pageOf({ kind, method, cursor, payload }: Message): ListingPage | null {
  const listing = kind === "result" ? LISTINGS.get(method ?? "") : undefined;
  if (listing === undefined) return null;
  const listed = member(payload, listing.member);
  if (listed?.kind !== "array") return null;
  const items = listed.items.filter((item): item is JsonObject => item.kind === "object");
  const nextCursor = stringMember(payload, "nextCursor") ?? null;
  return { kind: listing.kind, cursor, nextCursor, items };
}

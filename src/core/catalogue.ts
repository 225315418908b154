import type { JsonObject } from "./json.ts";

/** What a server can list: each kind has a method of its own. */
export type ListedKind = "tool" | "prompt" | "resource" | "template";

/** The member that names an entry. */
export const NAME_MEMBER: { readonly [kind in ListedKind]: "name" | "uri" | "uriTemplate" } = {
  tool: "name",
  prompt: "name",
  resource: "uri",
  template: "uriTemplate",
};

/** One page of a server's listing, as the server sent it. */
export interface ListingPage {
  readonly kind: ListedKind;
  /** What the request asked to go on from; null for the first page. */
  readonly cursor: string | null;
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null;
  /** The entries that are objects. They are the server's word and nothing more. */
  readonly items: readonly JsonObject[];
  /** The document whose spans the items have: what came before, byte for byte, is known already. */
  readonly bytes?: Uint8Array;
}

/** A tool as its server described it last: an untrusted document. */
export interface KnownTool {
  readonly name: string;
  /** `sha256:…` of the definition in canonical JSON (RFC 8785). */
  readonly hash: string;
  /** The definition as canonical JSON text. */
  readonly text: string;
}

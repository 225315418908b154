/** For whom an alias is minted: one caller at one server. Elsewhere it is a word like any other. */
export interface AliasScope {
  readonly id: string;
  readonly key: Uint8Array;
}

/**
 * What a code turns out to be. `forgotten`: it was minted in this scope, and what it stood for is
 * no longer known. `foreign`: minted for somebody else, or never.
 */
export type OpenedAlias =
  | { readonly kind: "known"; readonly text: string }
  | { readonly kind: "forgotten" }
  | { readonly kind: "foreign" };

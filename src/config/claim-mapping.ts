import type { ClaimMapping } from "../core/authentication.ts";

/** A mapping of claims as the file has it. */
export interface RawMapping {
  readonly claims: readonly string[];
  readonly prefix: string;
  readonly map: { readonly [value: string]: readonly string[] };
}

export function mappingOf({ claims, prefix, map }: RawMapping): ClaimMapping {
  return { claims, prefix, map: new Map(Object.entries(map)) };
}

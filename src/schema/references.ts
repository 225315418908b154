import { Unusable } from "./unusable.ts";

/** A schema as it stands in a definition: an object, or `true`, or `false`. */
export type RawSchema = boolean | { readonly [keyword: string]: unknown };

export function isRaw(value: unknown): value is RawSchema {
  return typeof value === "boolean" || isMapping(value);
}

export function isMapping(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What a `$ref` leads to: a place in the same schema, named by a JSON Pointer. Nothing else is
 * followed, least of all an address.
 */
export function resolve(root: RawSchema, reference: unknown): RawSchema {
  if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference)) {
    throw new Unusable("a $ref that leads elsewhere");
  }
  let at: unknown = root;
  for (const step of decode(reference.slice(1)).split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    const isOwn = typeof at === "object" && at !== null && Object.hasOwn(at, key);
    // An array's own keys are its indices, and its length.
    at = isOwn ? (at as { readonly [key: string]: unknown })[key] : undefined;
  }
  if (!isRaw(at)) throw new Unusable("a $ref that leads nowhere");
  return at;
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch (cause) {
    throw new Unusable("a $ref that is no URI", { cause });
  }
}

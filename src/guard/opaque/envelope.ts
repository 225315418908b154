import type { AliasScope } from "../../core/alias.ts";
import { decodeBase32, encodeBase32 } from "../paths/base32.ts";
import { createSiv } from "../siv.ts";

/** Who made the value in the envelope: only on its way back to them it is opened. */
export type Origin = "client" | "server";

/** Of letters, digits and `_`: it fits a header, a URI and a cursor, and looks like no secret. */
const PREFIX = "sealed1_";
const SIVS = { client: createSiv("opaque client"), server: createSiv("opaque server") };

/**
 * The envelope of an opaque value: deterministic, so that the same cursor is the same cursor to the
 * client, and bound to scope and origin. Only well-formed text comes back as it was.
 */
export function sealValue(value: string, origin: Origin, scope: AliasScope): string {
  return PREFIX + encodeBase32(SIVS[origin].seal(value, scope));
}

/** Whether a value has the form of an envelope, whoever made it. */
export function isEnvelope(value: string): boolean {
  return value.startsWith(PREFIX);
}

/** Null for whatever is not an envelope of this origin, made in this scope, whole and unchanged. */
export function openValue(envelope: string, origin: Origin, scope: AliasScope): string | null {
  if (!isEnvelope(envelope)) return null;
  const sealed = decodeBase32(envelope.slice(PREFIX.length));
  return sealed === null ? null : SIVS[origin].open(sealed, scope);
}

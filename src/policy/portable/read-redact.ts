import type { RedactSettings } from "../../core/pii.ts";
import type { Place, Reader } from "./reader.ts";

const KEYS = ["enabled", "deny_keys", "pii_emails"];
const DENY_KEYS_MAX = 256;
const DENY_KEY_MAX_LENGTH = 128;

/** Reads `redact`; null when it is absent or off. What masks nothing must not look enabled. */
export function readRedact(place: Place | undefined, reader: Reader): RedactSettings | null {
  if (place === undefined) return null;
  const found = reader.mapping(place, KEYS);
  const enabledAt = found.get("enabled");
  if (enabledAt === undefined) {
    reader.mistake(place, "redact says enabled: true or enabled: false");
    return null;
  }
  const enabled = reader.boolean(enabledAt);
  const denyKeys = readDenyKeys(found.get("deny_keys"), reader);
  const emailsAt = found.get("pii_emails");
  const emails = emailsAt === undefined ? false : reader.boolean(emailsAt) === true;
  if (enabled !== true) return null;
  if (denyKeys.length === 0 && !emails) {
    reader.mistake(place, "redact masks nothing: name deny_keys, or say pii_emails: true");
  }
  return { denyKeys, emails };
}

function readDenyKeys(place: Place | undefined, reader: Reader): readonly string[] {
  if (place === undefined) return [];
  const items = reader.sequence(place);
  if (items.length > DENY_KEYS_MAX) {
    reader.mistake(place, `there may be ${DENY_KEYS_MAX} of them`);
    return [];
  }
  return items.flatMap((item) => {
    const name = reader.text(item);
    if (name !== null && name.length > DENY_KEY_MAX_LENGTH) {
      reader.mistake(item, `a name has up to ${DENY_KEY_MAX_LENGTH} characters`);
    }
    return name === null ? [] : [name];
  });
}

import { ATTACK_ACTIONS, type DetectSettings } from "../../core/attacks.ts";
import type { Place, Reader } from "./reader.ts";

const KEYS = ["enabled", "on_detect", "fields"];
const EVERY_FIELD = ["*"];
const FIELDS_MAX = 256;
const FIELD_MAX_LENGTH = 128;

/** Reads `detect_attacks`; null when it is absent or off. Whoever asks for it wants it to deny. */
export function readDetect(place: Place | undefined, reader: Reader): DetectSettings | null {
  if (place === undefined) return null;
  const found = reader.mapping(place, KEYS);
  const enabledAt = found.get("enabled");
  if (enabledAt === undefined) {
    reader.mistake(place, "detect_attacks says enabled: true or enabled: false");
    return null;
  }
  const enabled = reader.boolean(enabledAt);
  const actionAt = found.get("on_detect");
  const onDetect = actionAt === undefined ? null : reader.choice(actionAt, ATTACK_ACTIONS);
  const fields = readFields(found.get("fields"), reader);
  return enabled === true ? { onDetect: onDetect ?? "deny", fields } : null;
}

function readFields(place: Place | undefined, reader: Reader): readonly string[] {
  if (place === undefined) return EVERY_FIELD;
  const items = reader.sequence(place);
  if (items.length === 0) reader.mistake(place, "this looks nowhere: name fields, or leave it out");
  if (items.length > FIELDS_MAX) {
    reader.mistake(place, `there may be ${FIELDS_MAX} of them`);
    return [];
  }
  return items.flatMap((item) => {
    const field = reader.text(item);
    if (field !== null && field.length > FIELD_MAX_LENGTH) {
      reader.mistake(item, `a glob has up to ${FIELD_MAX_LENGTH} characters`);
    }
    return field === null ? [] : [field];
  });
}

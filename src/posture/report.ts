import { POSTURE_NAME } from "../core/posture.ts";
import { err, ok, type Result } from "../core/result.ts";

/** What a source said, once its signature was found to be right. */
export interface PostureReport {
  /** About this host, by name; null is what it cannot tell. */
  readonly host: ReadonlyMap<string, boolean | null>;
  /** About each device that it knows; what it cannot tell is left out. */
  readonly devices: ReadonlyMap<string, { readonly [name: string]: boolean }>;
  readonly issuedAtMs: number;
  /** From then on it says nothing any more. */
  readonly endsAtMs: number;
}

const FACTS_MAX = 64;
const DEVICES_MAX = 10_000;
const DEVICE_MAX_LENGTH = 256;

/** Reads the claim `posture` of a report: `{"host": FACTS, "devices": {"ID": FACTS}}`. */
export function readReport(
  posture: unknown,
): Result<Pick<PostureReport, "host" | "devices">, string> {
  if (!isObject(posture)) return err("has no claim posture");
  const { host = {}, devices = {} } = posture;
  const facts = readFacts(host);
  if (facts === null) return err("posture.host is no map from names to true, false and null");
  if (!isObject(devices)) return err("posture.devices is no map");
  const entries = Object.entries(devices);
  if (entries.length > DEVICES_MAX) return err(`tells of more than ${DEVICES_MAX} devices`);
  const read = new Map<string, { readonly [name: string]: boolean }>();
  for (const [id, value] of entries) {
    const own = id.length > 0 && id.length <= DEVICE_MAX_LENGTH ? readFacts(value) : null;
    if (own === null) return err("tells of a device otherwise than by true, false and null");
    const known = [...own].filter((entry): entry is [string, boolean] => entry[1] !== null);
    read.set(id, Object.freeze(Object.fromEntries(known)));
  }
  return ok({ host: facts, devices: read });
}

function readFacts(value: unknown): ReadonlyMap<string, boolean | null> | null {
  if (!isObject(value)) return null;
  const entries = Object.entries(value);
  if (entries.length > FACTS_MAX) return null;
  const facts = new Map<string, boolean | null>();
  for (const [name, fact] of entries) {
    if (!POSTURE_NAME.test(name) || (typeof fact !== "boolean" && fact !== null)) return null;
    facts.set(name, fact);
  }
  return facts;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

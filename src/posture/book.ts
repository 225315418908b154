import { isDeepStrictEqual } from "node:util";
import type { Json, Principal } from "../core/policy.ts";
import {
  NO_POSTURE_FACTS,
  type OnFailure,
  type Posture,
  type PostureChange,
  type PostureCheck,
  type PostureFacts,
  type PostureGroup,
  type PosturePart,
  type PostureReading,
} from "../core/posture.ts";

/** What each look found: the facts of policies, and the changes for those who follow. */
export interface PostureBook extends Posture {
  /** Notes what was found of the checks of one group; what is not among them stays as it was. */
  note(group: PostureCheck["group"], found: ReadonlyMap<string, PostureReading>): void;
  /** What a source says of each device now; an empty map where it says nothing. */
  noteDevices(devices: ReadonlyMap<string, DeviceFacts>): void;
  /** Facts beside the checks, for policies alone. */
  noteExtra(facts: ReadonlyMap<string, boolean>): void;
  checks(): readonly PostureCheck[];
}

/** Of one device, by name. */
export type DeviceFacts = { readonly [name: string]: boolean };

export interface PostureBookOptions {
  /** What becomes of each check that fails. */
  readonly onFailure: (group: PostureGroup, name: string) => OnFailure;
  /** Of what has to be true of a caller's device. */
  readonly deviceChecks: ReadonlyMap<string, OnFailure>;
  /** The claim that names a caller's device; null where none does. */
  readonly deviceClaim: string | null;
  /** Whether some check denies when it fails. */
  readonly denies: boolean;
  /**
   * Something is otherwise than it was, or is told for the first time: these checks, or facts beside
   * them.
   */
  readonly onChange: (changes: readonly PostureChange[]) => void;
}

export function createPostureBook(options: PostureBookOptions): PostureBook {
  const { onFailure, onChange } = options;
  const checks = new Map<string, PostureCheck>();
  let devices: ReadonlyMap<string, DeviceFacts> = new Map();
  let extra: ReadonlyMap<string, boolean> = new Map();
  let version = 0;

  function note(group: PostureCheck["group"], found: ReadonlyMap<string, PostureReading>): void {
    const changes: PostureChange[] = [];
    for (const [name, reading] of found) {
      const key = `${group}.${name}`;
      const before = checks.get(key) ?? null;
      const check = { ...reading, group, name, onFailure: onFailure(group, name) };
      checks.set(key, check);
      const isSame =
        before?.state === check.state && before.digests?.found === check.digests?.found;
      if (!isSame) changes.push({ ...check, before: before?.state ?? null });
    }
    if (changes.length === 0) return;
    version++;
    onChange(changes);
  }

  const factsOf = (parts: ReadonlySet<PosturePart>): PostureFacts => {
    const facts: { [part: string]: Json } = {};
    for (const group of ["host", "external", "integrity"] as const) {
      if (!parts.has(group)) continue;
      const known = [...checks.values()].filter(
        (check) => check.group === group && check.state !== "unknown",
      );
      const own = known.map(({ name, state }) => [name, state === "true"]);
      facts[group] = Object.fromEntries(group === "external" ? [...extra, ...own] : own);
    }
    const failed = [...checks.values()].filter(failsToDeny).map(nameOf);
    if (parts.has("failed") && failed.length > 0) facts.failed = failed;
    return Object.keys(facts).length === 0 ? NO_POSTURE_FACTS : facts;
  };

  function view(parts: ReadonlySet<PosturePart>): (principal: Principal) => PostureFacts {
    const withDevice = createDeviceView(parts, options, () => devices);
    let made = NO_POSTURE_FACTS;
    let madeAt = -1;
    return (principal) => {
      if (madeAt !== version) {
        made = factsOf(parts);
        madeAt = version;
      }
      return withDevice === null ? made : withDevice(made, principal);
    };
  }

  return {
    denies: options.denies,
    note,
    noteDevices(given) {
      const isSame = isDeepStrictEqual(given, devices);
      devices = given;
      if (!isSame) onChange(NOTHING);
    },
    noteExtra(facts) {
      if (isDeepStrictEqual(facts, extra)) return;
      extra = facts;
      version++;
      onChange(NOTHING);
    },
    view,
    checks: () => [...checks.values()],
  };
}

const NOTHING: readonly PostureChange[] = [];

/** FAIL CLOSED: what cannot be told has failed too. */
function failsToDeny({ state, onFailure }: PostureCheck): boolean {
  return onFailure === "deny" && state !== "true";
}

function nameOf({ group, name }: PostureCheck): string {
  return `${group}.${name}`;
}

/** Adds what is about the caller's device; null where nobody asks for it. */
function createDeviceView(
  parts: ReadonlySet<PosturePart>,
  { deviceClaim, deviceChecks }: PostureBookOptions,
  devices: () => ReadonlyMap<string, DeviceFacts>,
): ((made: PostureFacts, principal: Principal) => PostureFacts) | null {
  const denying = [...deviceChecks].filter(([, what]) => what === "deny").map(([name]) => name);
  const isJudged = parts.has("failed") && denying.length > 0;
  if (!parts.has("device") && !isJudged) return null;
  return (made, principal) => {
    const claim = deviceClaim === null ? undefined : ownClaim(principal, deviceClaim);
    const facts = (typeof claim === "string" ? devices().get(claim) : undefined) ?? {};
    const failed = isJudged
      ? denying.filter((name) => !Object.hasOwn(facts, name) || facts[name] !== true)
      : [];
    const before = Array.isArray(made.failed) ? made.failed : [];
    const all = [...before, ...failed.map((name) => `device.${name}`)];
    return {
      ...made,
      ...(parts.has("device") ? { device: facts } : {}),
      ...(all.length === 0 ? {} : { failed: all }),
    };
  };
}

function ownClaim({ claims }: Principal, name: string): Json | undefined {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

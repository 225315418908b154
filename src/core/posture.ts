import type { Json, Principal } from "./policy.ts";

/** Whose word a check is: this machine's, a source outside, that about a caller's device, a hash. */
export const POSTURE_GROUPS = ["host", "external", "device", "integrity"] as const;
export type PostureGroup = (typeof POSTURE_GROUPS)[number];

/** What is true of a machine, or cannot be told. Every check is worded so that `true` is good. */
export type PostureState = "true" | "false" | "unknown";
export const POSTURE_STATES: readonly PostureState[] = ["true", "false", "unknown"];

/** What becomes of a check that does not hold: policies are told, all is denied, or the run ends. */
export type OnFailure = "fact" | "deny" | "shutdown";

/** What a look found, and where. */
export interface PostureReading {
  readonly state: PostureState;
  /** A file, an address, or why there was nothing to read; for operators. */
  readonly readFrom: string;
  /** Of a file: its hash as it is to be and as it is; null where it is not known. */
  readonly digests?: { readonly expected: string | null; readonly found: string | null };
}

/** A check by its name, and what was last found of it. */
export interface PostureCheck extends PostureReading {
  readonly group: Exclude<PostureGroup, "device">;
  readonly name: string;
  readonly onFailure: OnFailure;
}

/** A check whose state is another one now; `before` is null for its first. */
export interface PostureChange extends PostureCheck {
  readonly before: PostureState | null;
}

/** Names of checks, as they stand in configurations and in the policy's input. */
export const POSTURE_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** `input.posture`, the part that is about hosts and devices. What is unknown is not in it. */
export type PostureFacts = { readonly [part: string]: Json };

/** The parts that a policy can read of it: the groups, and the checks that deny. */
export const POSTURE_PARTS = [...POSTURE_GROUPS, "failed"] as const;
export type PosturePart = (typeof POSTURE_PARTS)[number];

/** What is known of this host and of callers' devices now. */
export interface Posture {
  /** The facts of these parts, as each caller's message finds them. */
  view(parts: ReadonlySet<PosturePart>): (principal: Principal) => PostureFacts;
  /** Whether some check denies when it fails: a policy has to read `failed` then. */
  readonly denies: boolean;
}

export const NO_POSTURE_FACTS: PostureFacts = Object.freeze({});

/** Where nobody looks at the host. */
export const NO_POSTURE: Posture = { view: () => () => NO_POSTURE_FACTS, denies: false };

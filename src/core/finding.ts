import type { Leaf } from "./json.ts";
import type { Direction, MessageKind } from "./message.ts";
import type { NameAnswers } from "./names.ts";

export type Severity = "low" | "medium" | "high" | "critical";

/**
 * What became of what was found. `redacted`: its text is gone from what goes on. `found`: it is
 * still there, because it could not be edited or was only reported; the policy decides.
 */
export type FindingAction = "redacted" | "found";

/** Where a leaf stands in the traffic: what a guard may know beside the leaf itself. */
export interface Place {
  readonly direction: Direction;
  readonly server: string;
  readonly kind: MessageKind;
  readonly method: string | null;
  readonly tool: string | null;
  /** `Mcp-Session-Id`, as the client sent it; null where there is none. */
  readonly sessionId: string | null;
  /** What DNS said of the names that guards asked about; absent where nobody asks it. */
  readonly names?: NameAnswers;
}

/** The kind of a hit that says that a guard failed: the message is denied, whatever the policy says. */
export const FAULT_KIND = "guard_fault";

/**
 * What is known to be no finding: the remedy for a false alarm. Every field that is given must
 * agree; all but `value` are globs.
 */
export interface AllowEntry {
  /** `secrets/github-token`: a finding's guard and kind. */
  readonly rule?: string;
  readonly server?: string;
  readonly tool?: string;
  /** JSON Pointer in the whole HTTP body. */
  readonly pointer?: string;
  /** The keyed hash that a finding carries, so that the list itself holds no secret. */
  readonly value?: string;
}

/** What a guard returns of one leaf: offsets are UTF-16 code units in `leaf.text`. */
export interface Hit {
  /** A stable name of what it is, such as `aws-access-key`. */
  readonly kind: string;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
  /** What shall stand in its place; null reports and leaves it. */
  readonly replacement: string | null;
}

/** A hit in its place. It never holds the value. */
export interface Finding {
  readonly guard: string;
  readonly kind: string;
  /** JSON Pointer in the whole HTTP body. */
  readonly at: string;
  readonly action: FindingAction;
  readonly severity: Severity;
  /** How much was found, in UTF-16 code units. */
  readonly length: number;
  /** `hmac-sha256:…` of what was found, for an `AllowEntry`; null without a key, and for failures. */
  readonly value: string | null;
}

/** Replace `[start, end)` of the leaf's decoded text. Edits of one leaf do not overlap. */
export interface TextEdit {
  readonly leaf: Leaf;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** All that Layer 1 has to say of one message. */
export interface Inspection {
  readonly findings: readonly Finding[];
  readonly edits: readonly TextEdit[];
}

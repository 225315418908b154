import type { DetectSettings } from "../../core/attacks.ts";
import type { Classification, Risk, SideEffect } from "../../core/inventory.ts";
import type { LinearPattern } from "../../core/linear-pattern.ts";
import type { RedactSettings } from "../../core/pii.ts";
import type { Approver } from "../../core/policy.ts";
import type { PostureGroup } from "../../core/posture.ts";
import type { RateLimit } from "../../core/rate-limit.ts";

/** A portable policy as its author wrote it, checked: what a field says is what is enforced. */
export interface PortablePolicy {
  readonly policyId: string;
  readonly version: string;
  readonly default: "allow" | "deny";
  /** Whether a method that MCP does not know is for the server to judge; else it is refused. */
  readonly unknownMethods: "allow" | "deny";
  /** Size of a call's arguments as JSON; null without a limit. */
  readonly maxArgumentBytes: number | null;
  /** A call with an argument that its tool does not declare is denied. */
  readonly rejectUnknownArguments: boolean;
  readonly allowRules: readonly PortableRule[];
  readonly denyRules: readonly PortableRule[];
  /** Values that one server returned and another may not get. */
  readonly denyFlows: readonly FlowRule[];
  /** What is to be masked on every server; null where nothing is. */
  readonly redact: RedactSettings | null;
  /** Where attacks are looked for on every server; null where the configuration alone says it. */
  readonly detect: DetectSettings | null;
  /** Of the bundle's rules and of servers, by name; null where none is named. */
  readonly modes: Modes | null;
  /** The mode of `validate.max_arg_bytes`. */
  readonly maxArgumentBytesMode: Mode | null;
  /** Which results may go to whom; null where that is not asked. */
  readonly clearance: Clearance | null;
  /** How much its callers may ask for. */
  readonly rateLimits: readonly RateLimit[];
}

/** What a rule's word counts: `shadow` is told as what would have denied, `off` is not asked. */
export const MODES = ["enforce", "shadow", "off"] as const;
export type Mode = (typeof MODES)[number];

export interface Modes {
  readonly rules: ReadonlyMap<string, Mode>;
  readonly servers: ReadonlyMap<string, Mode>;
}

export interface Clearance {
  /** Of everybody. */
  readonly default: Classification;
  readonly roles: ReadonlyMap<string, Classification>;
  /** By principal id. */
  readonly principals: ReadonlyMap<string, Classification>;
  /** What a result counts as that the inventory does not classify. */
  readonly unclassified: Classification;
  /** Pointers in a result that is beyond a clearance; empty: all of it is denied. */
  readonly redact: readonly string[];
}

/** A way that values may not go; globs over server ids. */
export interface FlowRule {
  /** `flow/0` */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string | null;
  readonly mode: Mode | null;
}

/** One rule. A selector that is null fits everything. */
export interface PortableRule {
  /** `allow/0`, `deny/3`: effect and place in the file, as reasons name it. */
  readonly id: string;
  readonly effect: "allow" | "deny";
  /** A glob over tool names; the rule is about `tools/call` then. */
  readonly tool: string | null;
  /** A glob over methods. A rule has either this or `tool`. */
  readonly method: string | null;
  readonly server: string | null;
  readonly uri: string | null;
  /** The caller holds one of them; empty: anybody. */
  readonly roles: readonly string[];
  /** The caller's token has them all; of allow rules only. */
  readonly scopes: readonly string[];
  readonly reason: string | null;
  /** What the inventory must say of the tool. */
  readonly inventory: InventorySelector | null;
  /** What must be true of the session; null where it is not asked. */
  readonly session: SessionSelector | null;
  /** Who must vouch for facts; null where it is not asked. */
  readonly provenance: ProvenanceSelector | null;
  /** What must be known of the host and of the caller's device; null where it is not asked. */
  readonly posture: PostureSelector | null;
  /** How much of a message the log keeps; null: the rule has no word on it. */
  readonly audit: "full" | "keys" | "none" | null;
  /** Null where it is that of the server, or `enforce`. */
  readonly mode: Mode | null;
  /** What is to be done to what passes by an allow rule, or to lift a rule; null for nothing. */
  readonly obligations: RuleObligations | null;
  /** By argument name. */
  readonly constraints: ReadonlyMap<string, Constraint>;
}

export interface RuleObligations {
  /** Pointers in a result: the paths in these texts are concealed. */
  readonly alias: readonly string[];
  /** A padding scheme for the answer, as `readPadding` reads it. */
  readonly pad: string | null;
  /** A person has to agree first, and how long their word holds; null where nobody is asked. */
  readonly approve: ApprovalTerms | null;
}

/** What is null is not bounded by the rule. */
export interface ApprovalTerms {
  readonly calls: number | null;
  readonly minutes: number | null;
  readonly by: Approver | null;
}

/** What a rule asks of the inventory's word on a tool; what is null is not asked. */
export interface InventorySelector {
  readonly risk: readonly Risk[] | null;
  readonly classification: readonly Classification[] | null;
  readonly sideEffects: readonly SideEffect[] | null;
}

/** Bounds by name: `min_trust`, … */
export type SessionSelector = ReadonlyMap<string, number>;

/** By fact, such as `principal.id`: whose word is taken. */
export type ProvenanceSelector = ReadonlyMap<string, readonly string[]>;

/** At least one. */
export type PostureSelector = readonly {
  readonly group: PostureGroup;
  readonly name: string;
  readonly wanted: boolean;
}[];

export const CONSTRAINT_TYPES = [
  "string",
  "number",
  "integer",
  "boolean",
  "array",
  "object",
  "null",
] as const;
export type ConstraintType = (typeof CONSTRAINT_TYPES)[number];

export type Scalar = string | number | boolean | null;

/** What must hold of one argument. A bound on lengths, numbers or text implies the type. */
export interface Constraint {
  readonly type: ConstraintType | null;
  readonly required: boolean;
  readonly pattern: LinearPattern | null;
  readonly enum: readonly Scalar[] | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Characters (code points) of a string, items of an array. */
  readonly minLength: number | null;
  readonly maxLength: number | null;
  readonly items: Constraint | null;
}

/** A mistake in a policy file; line and column count from 1. */
export interface PolicyFileError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document: `allow_rules[2].roles`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

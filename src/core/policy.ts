import type { ListedKind } from "./catalogue.ts";
import type { Finding } from "./finding.ts";
import type { Classification, ToolFacts } from "./inventory.ts";
import type { MessageKind } from "./message.ts";
import type { PaddingScheme } from "./padding.ts";

/** JSON as the policy sees it. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** The rules of a portable policy whose server, tool and method fit this message. */
export interface RuleFact {
  readonly rule: string;
  readonly fit: boolean;
  readonly failed: readonly { readonly at: string; readonly check: string }[];
}

/** One entry of a listing, or what a request names: a tool or prompt by name, the rest by URI. */
export interface ItemFact {
  readonly kind: ListedKind;
  readonly name: string | null;
  /** Of a template, the template. */
  readonly uri: string | null;
}

/** A path-valued argument, judged by TypeScript; its text stays outside the policy. */
export interface PathFact {
  readonly at: string;
  /** Name of the configured root it lies under; null when under none. */
  readonly root: string | null;
  readonly ext: string | null;
  readonly traversal: boolean;
  readonly sensitive: boolean;
}

/** An argument that holds a value which another server returned to the same caller. */
export interface FlowFact {
  readonly at: string;
  /** That server's id. */
  readonly from: string;
  readonly age_s: number;
}

/** What a person agreed to, of just this request. */
export interface GrantFact {
  readonly id: string;
  /** The rule that asked. */
  readonly rule: string;
  readonly by: Approver;
  readonly age_s: number;
  /** Requests that have passed by it, and that still may. */
  readonly used: number;
  readonly calls_left: number;
}

/** The operator of the gateway, or whoever sits behind the agent. */
export type Approver = "operator" | "user";

/** Who vouches for a principal's id. */
export type AuthenticatedBy = "jwt" | "mtls" | "api_key" | "proxy" | "none";

export interface Principal {
  readonly id: string;
  readonly kind: "user" | "service" | "anonymous";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: { readonly [claim: string]: Json };
  readonly authenticated_by: AuthenticatedBy;
}

/** What is known of the session that a message belongs to; null is what no part keeps count of. */
export interface SessionFacts {
  readonly id: string | null;
  readonly age_s: number | null;
  /** Messages that were decided on in it, this one not among them. */
  readonly calls: number | null;
  readonly denied: number | null;
  /** 0 to 100. */
  readonly trust: number | null;
  readonly threat: "low" | "medium" | "high" | "critical" | null;
}

/** What is kept count of over many messages, as one of them finds it. */
export interface Counts {
  readonly session: Omit<SessionFacts, "id">;
  readonly limits: LimitFacts;
}

export const NO_COUNTS: Counts = {
  session: { age_s: null, calls: null, denied: null, trust: null, threat: null },
  limits: Object.freeze({}),
};

/** Which limits a message goes over, by the names that they are configured under. */
export type LimitFacts = { readonly [name: string]: LimitFact };

/** A limit that a message goes over. */
export type LimitFact = {
  readonly exceeded: true;
  /** `loop`: the same call, again and again. */
  readonly kind: "rate" | "loop" | "concurrency";
  /** What its author wants done about it. */
  readonly on_exceed: "deny" | "report";
  /** When to ask again. */
  readonly retry_after_ms: number;
};

/**
 * What the policy decides on (`rego/schemas/input.json` is the contract for Rego authors).
 * Field names are the policy's. A fact that no part computes yet is null.
 */
export interface PolicyInput {
  readonly v: 1;
  readonly phase: "request" | "response" | "list";
  readonly facts: { readonly complete: boolean; readonly policy: string };
  readonly message: {
    readonly kind: MessageKind;
    readonly method: string | null;
    readonly tool: string | null;
    readonly prompt: string | null;
    readonly arguments: { readonly [name: string]: Json };
    readonly truncated: readonly string[];
    readonly bytes: number;
    readonly revision: string;
  };
  readonly resource: {
    readonly uri: string | null;
    readonly scheme: string | null;
    readonly ext: string | null;
  };
  /** Phase `list` only. */
  readonly item: ItemFact | null;
  readonly result: {
    /** `resultType`, from 2026-07-28; null where there is none. */
    readonly type: string | null;
    readonly bytes: number;
    readonly types: readonly string[];
    readonly is_error: boolean;
    /** The tool's, as the inventory has it. */
    readonly classification: Classification | null;
  } | null;
  readonly rules: readonly RuleFact[];
  readonly patterns: { readonly [name: string]: readonly string[] };
  readonly paths: readonly PathFact[];
  readonly findings: readonly Omit<Finding, "length" | "value">[];
  readonly strings: {
    readonly longest: number;
    /** Shannon entropy, bits a character, of the densest unbroken token of 40 characters or more. */
    readonly max_entropy: number;
    /** Paths under no configured root; null where no root is configured. */
    readonly raw_paths: number | null;
    readonly aliases: number | null;
  };
  readonly server: { readonly id: string };
  readonly tool: ToolFacts;
  readonly principal: Principal;
  readonly client: { readonly name: string | null; readonly version: string | null };
  readonly session: SessionFacts;
  readonly source: {
    readonly ip: string | null;
    readonly spiffe: string | null;
    readonly user_agent: string | null;
  };
  readonly limits: LimitFacts;
  readonly flow: readonly FlowFact[];
  readonly grants: readonly GrantFact[];
  readonly posture: { readonly [name: string]: Json };
  readonly provenance: { readonly [fact: string]: string };
  readonly time: {
    readonly epoch_ms: number;
    /** 0 is Sunday. */
    readonly weekday: number;
    readonly hour: number;
    readonly minute: number;
    readonly zone: "UTC";
  };
}

export interface Reason {
  readonly code: string;
  /** `firewall`: limits, reading, guards. `policy`: a rule of the bundle. */
  readonly layer: "firewall" | "policy";
  readonly rule: string;
  readonly message: string;
  readonly remedy: string;
  /** What a token would need for it; absent where no token could help. */
  readonly scopes?: readonly string[];
}

export interface Obligations {
  /** JSON Pointers, in the message, of values to be replaced by a redaction mark. */
  readonly redact: readonly string[];
  /** JSON Pointers of members to be taken out, such as a capability that is not granted. */
  readonly remove: readonly string[];
  /** JSON Pointers, in what a server sent, of texts whose paths are concealed. */
  readonly alias: readonly string[];
  /** How its length is rounded up at least; the longest of these and the server's own counts. */
  readonly pad: readonly PaddingScheme[];
  readonly audit: "full" | "keys" | "none";
  /** Request headers to set towards the server. */
  readonly headers: { readonly [name: string]: string };
  /** What people have to agree to, or have agreed to; null where nobody is asked. */
  readonly approve: Approval | null;
}

/** Which rules want a person's word before the message may pass, and which words they take. */
export interface Approval {
  readonly asked: readonly Asked[];
  /** Ids of the grants by which it passes. */
  readonly granted: readonly string[];
}

/** What a rule wants a person to agree to. */
export interface Asked {
  readonly rule: string;
  readonly message: string;
  /** How many requests their word is good for; null where the rule does not say. */
  readonly calls: number | null;
  /** How old it may be. */
  readonly minutes: number | null;
  /** Null for anybody. */
  readonly by: Approver | null;
}

export interface PolicyDecision {
  readonly allow: boolean;
  readonly reasons: readonly Reason[];
  /** What would have denied it, of rules that are only tried. */
  readonly shadow: readonly Reason[];
  readonly obligations: Obligations;
  /** The session that the message came in is to be over. */
  readonly endsSession?: boolean;
}

/** Why no decision could be had. Each of them is a deny; `detail` holds nothing of the input. */
export interface PolicyFault {
  readonly code: "policy_undefined" | "policy_malformed" | "policy_failed" | "policy_late";
  readonly detail: string;
}

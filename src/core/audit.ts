import type { Approver, Json, Reason } from "./policy.ts";

/** One edit, as a receipt: what was done where, never the value. */
export interface EditReceipt {
  readonly pointer: string;
  readonly rule: string;
  readonly action: string;
  readonly length: number;
}

/** Arguments that only the holder of a private key can read (docs/decision-log.md). */
export interface SealedArguments {
  readonly alg: string;
  /** The writer's public key of this agreement, base64url. */
  readonly epk: string;
  readonly iv: string;
  /** Ciphertext and tag. */
  readonly data: string;
}

/** What came of a rule's wish to have people agree. */
export type ApprovalNote =
  | { readonly state: "asked" | "denied"; readonly id: string }
  | {
      readonly state: "granted";
      readonly grants: readonly { readonly id: string; readonly approved_by: Approver }[];
    };

/** One decided message; the field names are those of OPA's decision log (design.md §8). */
export interface DecisionEvent {
  readonly decision_id: string;
  readonly timestamp: string;
  readonly labels: { readonly [label: string]: string };
  readonly bundles: { readonly [name: string]: { readonly revision: string } };
  readonly path: "mcp/firewall/decision";
  /** The policy input with every argument value replaced by its size. */
  readonly input: Json;
  readonly result: {
    readonly allow: boolean;
    readonly reasons: readonly Reason[];
    /** What would have denied it, of rules that are only tried; absent where nothing would. */
    readonly shadow?: readonly Reason[];
  };
  readonly erased: readonly string[];
  readonly masked: readonly string[];
  readonly request_id: string | null;
  readonly trace_id: string | null;
  readonly findings: readonly Json[];
  readonly edits: readonly EditReceipt[];
  /** What is remarkable in a listing of tools; absent where nothing is. */
  readonly pins?: readonly Json[] | undefined;
  /** Absent where nobody was asked. */
  readonly approval?: ApprovalNote | undefined;
  /** The arguments as they were decided on; absent without an analyst's key. */
  readonly sealed_arguments?: SealedArguments | undefined;
  /**
   * What the bundle's own mask policy had to say: something of `input` and `result` is not as it
   * was, or nobody could ask it. Absent where nothing came of it.
   */
  readonly policy_masked?: "applied" | "failed";
  readonly metrics: { readonly [timer: string]: number };
}

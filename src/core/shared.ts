import type { AliasScope } from "./alias.ts";

/** What is kept for all replicas, where so configured. */
export const SHARED_KINDS = [
  "limits",
  "sessions",
  "aliases",
  "approvals",
  "tools",
  "replays",
  "failures",
] as const;
export type SharedKind = (typeof SHARED_KINDS)[number];

/** What becomes of what cannot be asked: it is refused, or this process goes on by itself. */
export type OnFailure = "deny" | "local";

/** What a message may need that this process does not know. */
export interface Wanted {
  readonly server: string;
  /** Codes minted in this scope, of which this process does not know what they stand for. */
  readonly aliases: { readonly scope: AliasScope; readonly codes: readonly string[] } | null;
  /** As in `ApprovalSubject`; null where nothing could be agreed to. */
  readonly caller: string | null;
  /** Tools whose last definition matters, or all of the server's. */
  readonly tools: readonly string[] | "all";
}

export type SharedRefusal =
  /** It cannot be told what other replicas know, or they cannot be told. */
  | "state_unavailable"
  /** Another request was faster: what was agreed to is used up, or asked already. */
  | "approval_required";

/**
 * What replicas have in common, for a data path that decides without waiting: brought before a
 * message is judged, and told afterwards. One round trip each, and none where nothing is to be said.
 */
export interface SharedState {
  /** Null where nothing is to be waited for. Never rejects. */
  bring(wanted: Wanted): Promise<SharedRefusal | null> | null;
  /**
   * Asked at once behind a judgement: resolves when all that was noted by it is known to all. What
   * was judged does not go on before, nor where there is a refusal.
   */
  settle(): Promise<SharedRefusal | null> | null;
}

/** The definitions that servers sent last, to whichever replica. */
export interface SeenTools {
  /** Null for one that could not be compared; undefined where nobody has seen it. */
  hashOf(server: string, tool: string): string | null | undefined;
  note(server: string, tools: ReadonlyMap<string, string | null>): void;
}

import type { Recorded } from "../recorded.ts";

export type GroupKind = "different" | "other_reason" | "undecidable";

/** Decisions that are alike in all that is told of them. */
export interface Group {
  readonly kind: GroupKind;
  readonly server: string;
  readonly method: string | null;
  readonly tool: string | null;
  readonly from: "allow" | "deny";
  readonly to: "allow" | "deny" | "undecidable";
  /** The reason of the denial, before or after; of what is undecidable, what the log does not hold. */
  readonly reason: string;
  readonly count: number;
  /** The first decision ids. */
  readonly examples: readonly string[];
}

export interface Groups {
  add(kind: GroupKind, recorded: Recorded, to: Group["to"], reason: string): void;
  readonly counts: { readonly [kind in GroupKind]: number };
  /** What differs comes first, and of each kind the largest. */
  all(): readonly Group[];
}

const ORDER: { readonly [kind in GroupKind]: number } = {
  different: 0,
  undecidable: 1,
  other_reason: 2,
};
const EXAMPLES_MAX = 3;
/** A log may hold any names; what comes after so many is one group. */
const GROUPS_MAX = 10_000;

export function createGroups(): Groups {
  const groups = new Map<string, Group>();
  const counts = { different: 0, other_reason: 0, undecidable: 0 };
  return {
    counts,
    add(kind, { input, allow, decisionId }, to, reason) {
      counts[kind] += 1;
      const about = {
        kind,
        server: input?.server.id ?? "",
        method: nameOf(input?.message.method),
        tool: nameOf(input?.message.tool),
        from: allow ? ("allow" as const) : ("deny" as const),
        to,
        reason,
      };
      const key = JSON.stringify(Object.values(about));
      const isRoom = groups.has(key) || groups.size < GROUPS_MAX;
      const place = isRoom ? key : kind;
      const before = groups.get(place);
      const named = isRoom
        ? about
        : { ...about, server: "…", method: null, tool: null, reason: "…" };
      const examples = before?.examples ?? [];
      groups.set(place, {
        ...named,
        count: (before?.count ?? 0) + 1,
        examples: examples.length < EXAMPLES_MAX ? [...examples, decisionId] : examples,
      });
    },
    all: () =>
      [...groups.values()].sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || b.count - a.count),
  };
}

/** What has not the form of a name stands in the log as its size. */
function nameOf(name: unknown): string | null {
  if (name === null || name === undefined) return null;
  return typeof name === "string" ? name : JSON.stringify(name);
}

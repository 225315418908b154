import type { SessionEnd } from "../../core/auth-log.ts";
import type { AuthenticatedBy, Principal } from "../../core/policy.ts";
import type { Trust } from "../trust.ts";

/** What `ENTER` replied. */
export interface Entered {
  readonly kind: "again" | "begun" | "adopted" | "unknown" | "foreign" | "conflict";
  readonly ageMs: number;
  readonly calls: number;
  readonly denied: number;
  readonly trust: Trust;
  /** As `rightsOf` wrote them. */
  readonly rights: string;
  readonly ended: readonly {
    readonly cause: SessionEnd;
    readonly name: string;
    /** Sealed. */
    readonly context: string;
  }[];
}

const KINDS: ReadonlySet<string> = new Set([
  ...["again", "begun", "adopted", "unknown", "foreign", "conflict"],
]);
const ENDS: ReadonlySet<string> = new Set<SessionEnd>([
  ...(["deleted", "forgotten_by_server", "max_age", "idle", "foreign"] as const),
  ...(["revoked", "policy", "principal_full", "evicted"] as const),
]);

export function isSessionEnd(text: unknown): text is SessionEnd {
  return typeof text === "string" && ENDS.has(text);
}

/** Null for what is no reply of `ENTER`, and for counts and times that are no numbers. */
export function decodeEnter(reply: unknown): Entered | null {
  if (!Array.isArray(reply) || reply.length !== 9) return null;
  const [kind, now, openedAt, calls, denied, tenths, most, rights, ended] = reply as unknown[];
  if (typeof kind !== "string" || !KINDS.has(kind)) return null;
  // FAIL CLOSED: to a policy that holds it against a bound, what is no number is below it.
  if (![now, openedAt, calls, denied, tenths, most].map(Number).every(Number.isFinite)) return null;
  return {
    kind: kind as Entered["kind"],
    ageMs: Math.max(0, Number(now) - Number(openedAt)),
    calls: Number(calls),
    denied: Number(denied),
    trust: { tenths: Number(tenths), mostTenths: Number(most) },
    rights: String(rights),
    ended: endedOf(Array.isArray(ended) ? ended.map(String) : []),
  };
}

/** Three by three. */
function endedOf(flat: readonly string[]): Entered["ended"] {
  const ended: { cause: SessionEnd; name: string; context: string }[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    const [cause, name = "", context = ""] = flat.slice(at, at + 3);
    if (isSessionEnd(cause)) ended.push({ cause, name, context });
  }
  return ended;
}

/** What is compared of a principal from one request to the next; nothing of it can be read. */
export function rightsOf(principal: Principal, digest: (text: string) => string): string {
  const { authenticated_by, roles, scopes } = principal;
  return [authenticated_by, digestOf(roles, digest), digestOf(scopes, digest)].join(" ");
}

/** In whatever order: a token may list them anew each time. */
function digestOf(names: readonly string[], digest: (text: string) => string): string {
  return digest(JSON.stringify([...new Set(names)].sort()));
}

type Change = "authenticated_by" | "roles" | "scopes";
const CHANGES: readonly Change[] = ["authenticated_by", "roles", "scopes"];

/** Null where nothing changed. */
export function changesOf(
  before: string,
  now: string,
): { readonly from: AuthenticatedBy; readonly changed: readonly Change[] } | null {
  if (before === now) return null;
  const [known, shown] = [before.split(" "), now.split(" ")];
  const changed = CHANGES.filter((_, index) => known[index] !== shown[index]);
  // Written by us; whoever can write there can only have it told wrong.
  return { from: (known[0] ?? "none") as AuthenticatedBy, changed };
}

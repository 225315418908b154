import type { AliasScope, OpenedAlias } from "./alias.ts";
import type { DecisionEvent } from "./audit.ts";
import type { KnownTool, ListedKind, ListingPage } from "./catalogue.ts";
import type { Hit, Place } from "./finding.ts";
import type { InventoryMode, PinNotice, ToolFacts } from "./inventory.ts";
import type { JsonNode, Leaf } from "./json.ts";
import type { PolicyDecision, PolicyFault, PolicyInput, Reason } from "./policy.ts";
import type { Bucket, Place as OpenPlace, RateAnswer, RateAsk } from "./rate-limit.ts";
import type { Result } from "./result.ts";
import type { MirroredParameter, SchemaVerdict } from "./schema.ts";

/**
 * Layer 1, one concern. A guard looks at one leaf in its place and says what it found. It never
 * throws on input, takes linear time, and keeps nothing of what it saw. `hits` do not overlap.
 */
export interface Guard {
  readonly name: string;
  request?(leaf: Leaf, place: Place): readonly Hit[];
  response?(leaf: Leaf, place: Place): readonly Hit[];
  /**
   * Both ways, in place of the two: what can be read in media and other bytes in base64. The leaf's
   * text is their runs of printable ASCII, a line each; nothing of it can be edited.
   */
  media?(leaf: Leaf, place: Place): readonly Hit[];
  /** Names whose addresses it wants to know before it looks at this leaf of a request. */
  names?(leaf: Leaf, place: Place): readonly string[];
}

/** Layer 2: one decision on one input. Never throws: a fault is a value, and a deny. */
export interface PolicyEngine {
  /** `sha256:…` of the bundle, as it stands in the log and in `x-zta-policy`. */
  readonly revision: string;
  decide(input: PolicyInput): Result<PolicyDecision, PolicyFault>;
  /**
   * What the bundle's `data.system.log.mask` answers about an event of the decision log: undefined
   * where it has no answer. Absent of a bundle without one, which costs nothing then.
   */
  readonly mask?: (event: DecisionEvent) => Result<unknown, PolicyFault>;
}

/**
 * Where decisions are written; the caller does not wait for the disk.
 * `false`: the event could not be accepted (queue full, sink failed), so the message is denied.
 */
export interface AuditSink {
  record(event: DecisionEvent): boolean;
  /**
   * The same of an event that is made when it is written, along with others: off the way of the
   * message. Absent where somebody wants to see each event at once.
   */
  readonly recordLater?: ((draft: () => DecisionEvent) => boolean) | undefined;
  /** Counts a decision that a rule wants no line for; `false` as for one that is written. */
  omit(): boolean;
}

/**
 * What opaque aliases stand for. The same text has the same code in the same scope, whenever and
 * wherever it is asked for; in another scope its code means nothing. Never throws on input.
 */
export interface AliasStore {
  /** Lower-case Crockford base32. */
  codeOf(text: string, scope: AliasScope): string;
  open(code: string, scope: AliasScope): OpenedAlias;
}

/**
 * What servers offer, as far as it was seen in their listings. It knows what passed and nothing
 * else, holds a bounded part of that, and never throws on what a server sent.
 */
export interface Catalogue {
  learn(server: string, page: ListingPage): void;
  tool(server: string, name: string): KnownTool | null;
  /** Whether a server listed something by this name (a resource by its URI). */
  knows(server: string, kind: ListedKind, name: string): boolean;
  /** All that a server listed so far: tools and prompts by name, the rest by URI. */
  names(server: string, kind: ListedKind): Iterable<string>;
  /** Whether the whole of a listing was seen: what is not in it does not exist there. */
  isComplete(server: string, kind: ListedKind): boolean;
}

/**
 * What a tool's own schemas say of a value. Never throws on input, does bounded work whatever the
 * schema and the value are, and fetches nothing.
 */
export interface SchemaJudge {
  /** Of `params.arguments`, against `inputSchema`. */
  arguments(tool: KnownTool, node: JsonNode): SchemaVerdict;
  /** Of `structuredContent`, against `outputSchema`. */
  result(tool: KnownTool, node: JsonNode): SchemaVerdict;
  /**
   * Whether `structuredContent` fitted as the server sent it, and no longer does after our edits;
   * `after` is undefined when it was taken out. A text that changed where only its own pattern or
   * format could tell counts as broken.
   */
  isBrokenBy(tool: KnownTool, before: JsonNode, after: JsonNode | undefined): boolean;
  /** Whether the tool has an `outputSchema`. */
  hasResult(tool: KnownTool): boolean;
  /** JSON Pointers in the arguments of what `inputSchema` does not declare; null: not to be told. */
  unknownArguments(tool: KnownTool, node: JsonNode): readonly string[] | null;
  mirrored(tool: KnownTool): readonly MirroredParameter[];
}

/**
 * What people noted about tools, held against what servers say of them. Bounded, writes nothing,
 * and never throws on what a server sent.
 */
export interface ToolPins {
  /** Notes a page in the catalogue, and says what is remarkable in it, the worst first. */
  learn(server: string, page: ListingPage): readonly PinNotice[];
  facts(server: string, tool: string | null): ToolFacts;
  /** Null where there is no inventory. */
  mode(server: string): InventoryMode | null;
  /** Who vouches for the facts of a tool; null where there are none. */
  provenance(server: string, tool: string | null): "INVENTORY" | "INVENTORY_GUESS" | null;
}

/**
 * Remembers where the values that callers use came from, in bounded memory and without keeping
 * them. A value that the caller used before any server returned it comes from nowhere.
 */
export interface FlowMemory {
  /** A server returned these texts to a caller. */
  returned(principal: string, server: string, texts: Iterable<string>): void;
  /** A caller sends this text to a server: which other server returned something of it, if any. */
  sent(
    principal: string,
    server: string,
    text: string,
  ): { readonly server: string; readonly ageMs: number } | null;
}

/** What callers may still spend, in bounded memory or outside of this process. Never throws. */
export interface RateStore {
  /**
   * Pays each ask whose bucket has a point left. Without a promise where the answer is known at once:
   * no call waits for the event loop then.
   */
  take(asks: readonly RateAsk[]): RateAnswer | Promise<RateAnswer>;
  /** Takes what was spent already, whatever is left. */
  charge(bucket: Bucket, cost: number): void;
}

/** What is open at the same time. */
export interface Occupancy {
  /** False when `max` are open; else one more is, until it leaves. */
  enter(place: OpenPlace, max: number): boolean;
  leave(place: OpenPlace): void;
}

/** Failures to say who one is, by the address they come from. Bounded. */
export interface FailureBrake {
  /** Milliseconds until the address may try again; 0 if it may now. */
  waitMs(source: string): number;
  failed(source: string): void;
}

/** Time and chance, as ports: a test decides what they say. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Nanosecond-grained, for durations, in milliseconds. */
  monotonic(): number;
}

export interface Identifiers {
  /** A fresh, unguessable decision id. */
  decisionId(): string;
}

/** Waits that nobody can foresee. */
export interface Jitter {
  /** At most `maxMs` milliseconds, each length as likely as the next. */
  wait(maxMs: number): Promise<void>;
}

type Coded = Pick<Reason, "code">;

/** What the pipeline tells of itself; label values are bounded by the adapter. */
export interface Telemetry {
  decided(event: {
    readonly server: string;
    readonly method: string | null;
    readonly tool: string | null;
    readonly allow: boolean;
    readonly reasons: readonly Coded[];
    /** What would have denied it, of rules that are only tried. */
    readonly shadow: readonly Coded[];
  }): void;
  found(guard: string, kind: string, action: string): void;
  phase(phase: string, seconds: number): void;
  exchange(server: string, method: string | null, tool: string | null, seconds: number): void;
  /** A message was over a limit. */
  limited(limit: string): void;
}

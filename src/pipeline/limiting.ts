import type { AuthLog } from "../core/auth-log.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { compileGlob } from "../core/glob.ts";
import { member } from "../core/json.ts";
import type { Message } from "../core/message.ts";
import type { LimitFact, LimitFacts } from "../core/policy.ts";
import type { Occupancy, RateStore, Telemetry } from "../core/ports.ts";
import type {
  Bucket,
  LimitPart,
  Place,
  RateAnswer,
  RateAsk,
  RateLimit,
} from "../core/rate-limit.ts";
import { after } from "../core/soon.ts";
import type { Scene } from "./scene.ts";

/** Counts what callers send, before anybody looks at what it says. */
export interface RateGate {
  /** What one exchange takes up; null where no limit is about its server. */
  tab(server: string): Tab | null;
}

/** What one exchange takes up and spends, until it is closed. */
export interface Tab {
  /**
   * Counts its messages, and tells which limits they go over; null where that cannot be told, and
   * nothing may pass. `credentialSession` stands for a session where there is none. A promise only
   * where something outside of this process has to be asked.
   */
  enter(
    messages: readonly Message[],
    scene: Scene,
    credentialSession: string | null,
  ): Entry | Promise<Entry>;
  /** Bytes of the answer. */
  spend(bytes: number): void;
  /** Gives back what it took up, also what it would take up later. */
  close(): void;
}

export type Entry = LimitFacts | null;

export interface RateGateOptions {
  /** Those in force. */
  readonly limits: () => readonly RateLimit[];
  readonly store: RateStore;
  readonly occupancy: Occupancy;
  readonly telemetry: Pick<Telemetry, "limited">;
  readonly auth: AuthLog;
  /** Whether it is worth a line in the account that this key is over this limit: now and then. */
  readonly isNews: (limit: string, key: string) => boolean;
  /** Names for what a caller sent: keyed, short, the same wherever the store is shared. */
  readonly digest: (text: string) => string;
}

/** A key of this length or more is kept as its digest. */
const PLAIN_KEY_MAX_LENGTH = 64;
/** Longer arguments are told apart by their length alone. */
const CANONICAL_MAX_LENGTH = 1024 * 1024;
/** Nobody knows when an exchange ends: when to ask again is a guess. */
const BUSY_RETRY_MS = 1_000;

export const NO_LIMIT_FACTS: LimitFacts = {};

export function createRateGate(options: RateGateOptions): RateGate {
  let known: readonly RateLimit[] = [];
  let compiled: readonly CompiledLimit[] = [];

  function inForce(): readonly CompiledLimit[] {
    const limits = options.limits();
    if (limits !== known) {
      known = limits;
      compiled = limits.map(compileLimit);
    }
    return compiled;
  }

  return {
    tab(server) {
      const limits = inForce();
      if (limits.length === 0) return null;
      const own = limits.filter(({ isAboutServer }) => isAboutServer(server));
      return own.length === 0 ? null : new OpenTab(own, options);
    },
  };
}

interface CompiledLimit {
  readonly limit: RateLimit;
  readonly isAboutServer: (server: string) => boolean;
  readonly isAbout: (message: Message) => boolean;
}

function compileLimit(limit: RateLimit): CompiledLimit {
  const isMethod = fitting(limit.methods);
  const isTool = fitting(limit.tools);
  const isAboutCalls = limit.tools !== null || limit.key.some((part) => CALL_PARTS.has(part));
  return {
    limit,
    isAboutServer: fitting(limit.servers),
    isAbout: ({ kind, method, tool }) => {
      if (isAboutCalls && (method !== "tools/call" || tool === null || !isTool(tool))) return false;
      return isMethod(method ?? kind);
    },
  };
}

/** What only a call of a tool has. */
const CALL_PARTS: ReadonlySet<LimitPart> = new Set(["tool", "arguments"]);

function fitting(patterns: readonly string[] | null): (text: string) => boolean {
  if (patterns === null) return () => true;
  const globs = patterns.map(compileGlob);
  return (text) => globs.some((glob) => glob.fits(text));
}

/** What a store was asked, limit by limit. */
interface Asked {
  readonly asks: readonly RateAsk[];
  readonly asked: readonly RateLimit[];
  readonly scene: Scene;
}

class OpenTab implements Tab {
  readonly #limits: readonly CompiledLimit[];
  readonly #options: RateGateOptions;
  readonly #places: Place[] = [];
  /** Which the answer is paid from. */
  readonly #payers: Bucket[] = [];
  #isClosed = false;

  constructor(limits: readonly CompiledLimit[], options: RateGateOptions) {
    this.#limits = limits;
    this.#options = options;
  }

  enter(
    messages: readonly Message[],
    given: Scene,
    credentialSession: string | null,
  ): Entry | Promise<Entry> {
    const scene = { ...given, sessionId: given.sessionId ?? credentialSession };
    const over = new Map<string, LimitFact>();
    const asks: RateAsk[] = [];
    const asked: RateLimit[] = [];
    for (const [message, limit] of this.#matches(messages)) {
      const key = this.#keyOf(limit, message, scene);
      if (!this.#takePlace(limit, key)) {
        note(over, limit, "concurrency", BUSY_RETRY_MS);
        this.#tell(limit, key, scene);
      }
      const ask = askOf(limit, key, message);
      if (ask === null) continue;
      asks.push(ask);
      asked.push(limit);
      if (limit.cost === "bytes") this.#payers.push(ask.bucket);
    }
    if (asks.length === 0) return this.#factsOf(over);
    const answer = this.#options.store.take(asks);
    return after(answer, (told) => this.#settle(told, { asks, asked, scene }, over));
  }

  #matches(messages: readonly Message[]): readonly (readonly [Message, RateLimit])[] {
    return messages.flatMap((message) =>
      this.#limits
        .filter(({ isAbout }) => isAbout(message))
        .map(({ limit }) => [message, limit] as const),
    );
  }

  spend(bytes: number): void {
    const [payer] = this.#payers;
    if (payer === undefined || bytes === 0) return;
    // A batch has a payer for each of its messages: the answer is paid from each bucket once.
    const paid = new Set<string>();
    for (const bucket of this.#payers) {
      const name = `${bucket.limit}\0${bucket.key}`;
      if (!paid.has(name)) this.#options.store.charge(bucket, bytes);
      paid.add(name);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const place of this.#places) this.#options.occupancy.leave(place);
    this.#places.length = 0;
  }

  #takePlace({ name, concurrency }: RateLimit, key: string): boolean {
    // Whoever is gone takes up nothing.
    if (concurrency === null || this.#isClosed) return true;
    const place = { limit: name, key };
    if (!this.#options.occupancy.enter(place, concurrency)) return false;
    this.#places.push(place);
    return true;
  }

  #settle(answer: RateAnswer, { asks, asked, scene }: Asked, over: Map<string, LimitFact>): Entry {
    // FAIL CLOSED: what nobody counted does not pass.
    if (answer === null) return null;
    for (const [index, limit] of asked.entries()) {
      const waitMs = answer[index] ?? 0;
      if (waitMs === 0) continue;
      note(over, limit, kindOf(limit), waitMs);
      this.#tell(limit, asks[index]?.bucket.key ?? "", scene);
    }
    return this.#factsOf(over);
  }

  #tell({ name: limit, onExceed }: RateLimit, key: string, scene: Scene): void {
    const { auth, isNews } = this.#options;
    if (!isNews(limit, key)) return;
    const { server, principal, sessionId: session, source, requestId } = scene;
    const context = { server, principal: principal.id, session, sourceIp: source.ip, requestId };
    auth.record({ kind: "limit_hit", limit, enforced: onExceed === "deny", ...context });
  }

  #factsOf(over: ReadonlyMap<string, LimitFact>): LimitFacts {
    if (over.size === 0) return NO_LIMIT_FACTS;
    for (const name of over.keys()) this.#options.telemetry.limited(name);
    return Object.fromEntries(over);
  }

  #keyOf({ key }: RateLimit, message: Message, scene: Scene): string {
    const parts = key.map((part) => this.#partOf(part, message, scene));
    const text = parts.join("\0");
    return text.length > PLAIN_KEY_MAX_LENGTH ? this.#options.digest(text) : text;
  }

  #partOf(part: LimitPart, message: Message, scene: Scene): string {
    switch (part) {
      case "principal":
        return scene.principal.id;
      case "session":
        // A session's id is the client's word: it counts for one caller only.
        return `${scene.principal.id}\0${scene.sessionId ?? ""}`;
      case "server":
        return scene.server;
      case "tool":
        return `${scene.server}\0${message.tool ?? ""}`;
      case "source":
        return scene.source.ip === null ? "" : networkOf(scene.source.ip);
      case "arguments":
        return this.#options.digest(argumentsOf(message));
      case "global":
        return "";
      default:
        return part satisfies never;
    }
  }
}

/** Null where the limit is about what is open alone. */
function askOf({ name, rate, cost }: RateLimit, key: string, { bytes }: Message): RateAsk | null {
  if (rate === null) return null;
  return { bucket: { limit: name, key, rate }, cost: cost === "bytes" ? Math.max(1, bytes) : 1 };
}

function note(
  over: Map<string, LimitFact>,
  { name, onExceed }: RateLimit,
  kind: LimitFact["kind"],
  waitMs: number,
): void {
  const before = over.get(name)?.retry_after_ms ?? 0;
  if (waitMs <= before) return;
  over.set(name, { exceeded: true, kind, on_exceed: onExceed, retry_after_ms: waitMs });
}

/** The same call, again and again, is an agent that has lost its way. */
function kindOf({ key }: RateLimit): "rate" | "loop" {
  return key.includes("arguments") ? "loop" : "rate";
}

function argumentsOf({ payload }: Message): string {
  const given = member(payload, "arguments");
  if (given === undefined) return "";
  return canonicalJson(given, CANONICAL_MAX_LENGTH) ?? `${given.end - given.start} bytes`;
}

/** The network that one subscriber is given (RFC 6177): whoever has a /64 has all of its addresses. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail = ""] = address.toLowerCase().split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  if (!address.includes("::")) return groups.slice(0, 4).join(":");
  const missing = 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const zeros = Array.from({ length: Math.max(0, missing) }, () => "0");
  return [...groups, ...zeros, ...tail.split(":")].slice(0, 4).join(":");
}

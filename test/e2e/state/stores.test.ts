/** What is kept in a real Redis, store by store: for all replicas, exactly, and sealed. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import type { AliasScope } from "../../../src/core/alias.ts";
import type { ApprovalQuestion, ApprovalSubject } from "../../../src/core/approvals.ts";
import type { AuthEvent } from "../../../src/core/auth-log.ts";
import { NO_CREDENTIAL } from "../../../src/core/identity.ts";
import type { Principal } from "../../../src/core/policy.ts";
import { type Entry, SESSION_DEFAULTS, type SessionSettings } from "../../../src/core/session.ts";
import type { OnFailure, Wanted } from "../../../src/core/shared.ts";
import { createMemoryStore } from "../../../src/guard/paths/memory-store.ts";
import { createReplayMemory, type ReplayMemory } from "../../../src/identity/jwt/replays.ts";
import { APPROVAL_DEFAULTS } from "../../../src/state/approvals.ts";
import { createFailureBrake } from "../../../src/state/failure-brake.ts";
import { connectRedis } from "../../../src/state/redis.ts";
import { approvalNames } from "../../../src/state/shared/approval-records.ts";
import { createRedisBatch, plain, type RedisCommand } from "../../../src/state/shared/batch.ts";
import { createRedisAliases } from "../../../src/state/shared/redis-aliases.ts";
import { createRedisApprovals } from "../../../src/state/shared/redis-approvals.ts";
import { createRedisBrake } from "../../../src/state/shared/redis-brake.ts";
import { createRedisDesk } from "../../../src/state/shared/redis-desk.ts";
import { createRedisReplays } from "../../../src/state/shared/redis-replays.ts";
import { createRedisSessions } from "../../../src/state/shared/redis-sessions.ts";
import { createRedisTools } from "../../../src/state/shared/redis-tools.ts";
import { createStateSeal } from "../../../src/state/shared/seal.ts";
import { SharedStores } from "../../../src/state/shared/shared-state.ts";
import { REDIS_SERVER, startRedis, type TestRedis } from "../../support/redis.ts";
import { waitFor } from "../../support/wait.ts";

const KEY = Buffer.alloc(32, 7);
const clock = { monotonic: () => performance.now(), now: () => Date.now() };

interface Options {
  readonly key?: Uint8Array;
  readonly onFailure?: OnFailure;
  readonly sessions?: Partial<SessionSettings>;
  readonly deadlineMs?: number;
  /** Its clock, less that of all others. */
  readonly aheadMs?: number;
  readonly login?: { readonly username: string; readonly password: string };
}

/** All stores of one replica. */
async function startReplica(redis: TestRedis, options: Options = {}) {
  const { onFailure = "deny" } = options;
  const connection = connectRedis({
    address: { kind: "unix", path: redis.socket },
    ...{ username: null, password: null, ca: null, onChange() {}, ...options.login },
    commandDeadlineMs: options.deadlineMs ?? 5_000,
  });
  await connection.waitUntilUp(5_000);
  const real = createRedisBatch(connection);
  const trips: (readonly RedisCommand[])[] = [];
  const failed: (readonly RedisCommand[])[] = [];
  const batch: typeof real = {
    async send(commands) {
      trips.push(commands);
      const replies = await real.send(commands);
      if (replies === null) failed.push(commands);
      return replies;
    },
  };
  const seal = createStateSeal(options.key ?? KEY, "test:");
  const journal = new SharedStores(batch);
  const common = { batch, seal, clock, journal, onFailure };
  const names = approvalNames(seal);
  const events: AuthEvent[] = [];
  const log = { record: (event: AuthEvent) => events.push(event) > 0 };
  const aliases = createRedisAliases({ ...common, local: createMemoryStore(), ttlMs: 60_000 });
  const approvals = createRedisApprovals({ ...common, ...APPROVAL_DEFAULTS, names });
  const tools = createRedisTools({ ...common, ttlMs: 60_000 });
  for (const part of [aliases, approvals, tools]) journal.join(part);
  const settings = { ...SESSION_DEFAULTS, ...options.sessions, log };
  const sessions = createRedisSessions({ ...common, ...settings, fallback: null });
  const local = createFailureBrake({ clock, max: 3, seconds: 60, addressesMax: 100 });
  return {
    ...{ connection, batch, trips, failed, events, journal, aliases, approvals, tools, sessions },
    desk: createRedisDesk({ ...common, names, grantsMax: 100 }),
    replays: createRedisReplays({
      ...common,
      clock: { now: () => clock.now() + (options.aheadMs ?? 0) },
      fallback: null,
    }),
    replaysWith: (fallback: ReplayMemory) => createRedisReplays({ ...common, fallback }),
    brake: createRedisBrake({ ...common, local, max: 3, seconds: 60, addressesMax: 100 }),
    [Symbol.dispose]() {
      sessions[Symbol.dispose]();
      connection.close();
    },
  };
}

type Replica = Awaited<ReturnType<typeof startReplica>>;

const NOTHING: Wanted = { server: "files", aliases: null, caller: null, tools: [] };

function scopeOf(id: string): AliasScope {
  return { id, key: Buffer.from(id.padEnd(32, "-")) };
}

function principal(id: string, more: Partial<Principal> = {}): Principal {
  const known = { kind: "user", roles: ["dev"], scopes: [], claims: {} } as const;
  return { id, ...known, authenticated_by: "jwt", ...more };
}

function visitor(who: Principal, id: string | null = "s-1") {
  const about = { server: "files", credential: NO_CREDENTIAL, sourceIp: null, requestId: null };
  return { ...about, principal: who, id };
}

function came(entry: Entry | null): string {
  if (entry === null) return "no session";
  return entry.kind === "refused" ? entry.code : "entered";
}

function entered(entry: Entry | null) {
  if (entry?.kind !== "entered") throw new Error(came(entry));
  return entry.session;
}

describe.skipIf(REDIS_SERVER === null)(
  `stores in Redis (${REDIS_SERVER ?? "skipped: there is no redis-server"})`,
  () => {
    test("an alias is opened by another replica, for its own caller alone", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const [ana, bo] = [scopeOf("ana"), scopeOf("bo")];
      const code = one.aliases.codeOf("/srv/a", ana);
      expect(await one.journal.settle()).toBeNull();
      expect(other.aliases.open(code, ana)).toEqual({ kind: "forgotten" });
      expect(other.aliases.open(code, bo)).toEqual({ kind: "foreign" });
      for (const scope of [bo, ana]) {
        await other.journal.bring({ ...NOTHING, aliases: { scope, codes: [code] } });
      }
      expect(other.aliases.open(code, bo)).toEqual({ kind: "foreign" });
      expect(other.aliases.open(code, ana)).toEqual({ kind: "known", text: "/srv/a" });
      // Told once: what all know already costs no round trip.
      one.aliases.codeOf("/srv/a", ana);
      expect(one.journal.settle()).toBeNull();
    });

    test("what another key sealed, or what stands at another place, stays unknown", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using stranger = await startReplica(redis, { key: Buffer.alloc(32, 8) });
      const ana = scopeOf("ana");
      const code = one.aliases.codeOf("/srv/a", ana);
      const second = one.aliases.codeOf("/srv/b", ana);
      await one.journal.settle();
      await stranger.journal.bring({ ...NOTHING, aliases: { scope: ana, codes: [code] } });
      expect(stranger.aliases.open(code, ana)).toEqual({ kind: "forgotten" });
      const seal = createStateSeal(KEY, "test:");
      const [from, to] = [code, second].map((each) => seal.name("alias", ana.id, each));
      await one.batch.send([plain("copy", from ?? "", to ?? "", "replace")]);
      using other = await startReplica(redis);
      await other.journal.bring({ ...NOTHING, aliases: { scope: ana, codes: [second] } });
      expect(other.aliases.open(second, ana)).toEqual({ kind: "forgotten" });
    });

    test.each([
      { onFailure: "deny", refusal: "state_unavailable" },
      { onFailure: "local", refusal: null },
    ] as const)(
      "on_failure: $onFailure is what becomes of a new alias without Redis",
      async ({ onFailure, refusal }) => {
        await using redis = await startRedis();
        using one = await startReplica(redis, { onFailure });
        const ana = scopeOf("ana");
        await redis.stop();
        await waitFor("the end", () => !one.connection.isUp());
        const code = one.aliases.codeOf("/srv/a", ana);
        expect(await one.journal.settle()).toBe(refusal);
        expect(one.aliases.open(code, ana)).toEqual({ kind: "known", text: "/srv/a" });
        await redis.start();
        await waitFor("Redis", () => one.connection.isUp());
        // What nobody could be told is told as soon as it is used again.
        one.aliases.codeOf("/srv/a", ana);
        expect(await one.journal.settle()).toBeNull();
        using other = await startReplica(redis);
        await other.journal.bring({ ...NOTHING, aliases: { scope: ana, codes: [code] } });
        expect(other.aliases.open(code, ana).kind).toBe("known");
      },
    );

    test("a session belongs to one identity at all replicas, and ends for both with another", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const ana = principal("ana");
      expect(came(await one.sessions.open({ ...visitor(ana), id: "s-1" }))).toBe("entered");
      const session = entered(await other.sessions.enter(visitor(ana)));
      session.note("allowed");
      session.note("denied");
      const facts = await waitFor("the counts", async () => {
        const now = entered(await one.sessions.enter(visitor(ana))).facts();
        return now.calls === 2 && now;
      });
      expect(facts).toMatchObject({ calls: 2, denied: 1, trust: 95, threat: "low" });
      expect(came(await other.sessions.open({ ...visitor(principal("bo")), id: "s-1" }))).toBe(
        "session_conflict",
      );
      expect(came(await one.sessions.enter(visitor(principal("bo"))))).toBe("session_foreign");
      expect(came(await other.sessions.enter(visitor(ana)))).toBe("session_unknown");
      expect(one.events.map(({ kind }) => kind)).toEqual([
        ...["session_opened", "session_ended", "session_foreign"],
      ]);
      expect(one.events[1]).toMatchObject({ cause: "foreign", principal: "ana", session: "s-1" });
    });

    test("a session's other rights are on record, and cost trust, at whichever replica", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      await one.sessions.enter(visitor(principal("ana", { scopes: ["read"] })));
      const again = { scopes: ["write"] };
      entered(await other.sessions.enter(visitor(principal("ana", again))));
      expect(other.events).toMatchObject([{ kind: "identity_changed", changed: ["scopes"] }]);
      await waitFor("the loss", async () => {
        const session = entered(await one.sessions.enter(visitor(principal("ana", again))));
        return session.facts().trust === 95;
      });
      expect(one.events.filter(({ kind }) => kind === "identity_changed")).toEqual([]);
    });

    test("bounds of sessions hold for all replicas together", async () => {
      await using redis = await startRedis();
      const sessions = { perPrincipalMax: 2, sessionsMax: 3 };
      using one = await startReplica(redis, { sessions });
      using other = await startReplica(redis, { sessions });
      const ana = principal("ana");
      await one.sessions.enter(visitor(ana, "a"));
      await laterAt(one);
      await other.sessions.enter(visitor(ana, "b"));
      await laterAt(one);
      await one.sessions.enter(visitor(ana, "c"));
      expect(one.events.at(-2)).toMatchObject({ cause: "principal_full", session: "a" });
      expect(came(await other.sessions.enter(visitor(ana, "a")))).toBe("session_unknown");
      await other.sessions.enter(visitor(principal("bo"), "d"));
      await other.sessions.enter(visitor(principal("cy"), "e"));
      expect(other.events).toContainEqual(
        expect.objectContaining({ cause: "evicted", session: "b" }),
      );
      expect(came(await one.sessions.enter(visitor(ana, "b")))).toBe("entered");
    });

    test("a session is idle by Redis's clock, but for one with a stream at any replica", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis, { sessions: { idleMs: 400 } });
      using other = await startReplica(redis, { sessions: { idleMs: 400 } });
      const ana = principal("ana");
      const kept = entered(await one.sessions.enter(visitor(ana, "kept")));
      await one.sessions.enter(visitor(ana, "idle"));
      const release = kept.keep();
      await waitFor("the end of the idle one", async () => {
        await other.sessions.enter(visitor(principal("bo"), "another"));
        return other.events.some((event) => event.kind === "session_ended");
      });
      expect(other.events).toContainEqual(
        expect.objectContaining({ kind: "session_ended", cause: "idle", session: "idle" }),
      );
      entered(await other.sessions.enter(visitor(ana, "kept"))).end("policy");
      await waitFor("the end of the stream's", () => kept.over() === "policy");
      release();
    });

    test("a session that nobody knows any more is over for its streams too", async () => {
      await using redis = await startRedis();
      const sessions = { sessionsMax: 1, idleMs: 400 };
      using one = await startReplica(redis, { sessions });
      using other = await startReplica(redis, { sessions });
      const kept = entered(await one.sessions.enter(visitor(principal("ana"), "kept")));
      const release = kept.keep();
      await other.sessions.enter(visitor(principal("bo"), "another"));
      await waitFor("the end of the stream's", () => kept.over() === "evicted");
      release();
    });

    test("a session whose counts are no numbers is none", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      const ana = principal("ana");
      for (const field of ["a", "n", "d", "t", "m"]) {
        await one.sessions.enter(visitor(ana, field));
        const { client } = one.connection;
        for (const key of await client.keys("test:session:*")) await client.hset(key, field, "x");
        const entry = await one.sessions.enter(visitor(ana, field));
        expect([field, came(entry)]).toEqual([field, "state_unavailable"]);
        await client.flushdb();
      }
    });

    test("a grant whose times are no numbers is none", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      const id = await asked(one);
      await one.desk.approve(id, WORD);
      const { client } = one.connection;
      const [key = ""] = await client.keys("test:approval:*");
      await client.hset(key, "until", "x");
      expect(await passes(one)).toBe(false);
    });

    test("a session that ended while Redis was away stays over", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis, { deadlineMs: 100 });
      const ana = principal("ana");
      const session = entered(await one.sessions.enter(visitor(ana)));
      process.kill(redis.pid(), "SIGSTOP");
      session.end("policy");
      await waitFor("silence", () => one.trips.length === 2);
      expect(came(await one.sessions.enter(visitor(ana)))).toBe("state_unavailable");
      process.kill(redis.pid(), "SIGCONT");
      const code = await waitFor("Redis", async () => {
        const entry = came(await one.sessions.enter(visitor(ana)));
        return entry !== "state_unavailable" && entry;
      });
      expect(code).toBe("session_unknown");
    });

    test("a session costs one round trip, and what happens in it none that is waited for", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      const session = entered(await one.sessions.enter(visitor(principal("ana"))));
      expect(one.trips).toHaveLength(1);
      session.note("attack");
      session.note("denied");
      await waitFor("what is told", () => one.trips.length === 2);
      expect(one.trips[1]).toHaveLength(1);
    });

    test("aliases, approvals and tools of one request are one round trip", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      const aliases = { scope: scopeOf("ana"), codes: ["0123456789abcdef", "1123456789abcdef"] };
      await one.journal.bring({ server: "files", aliases, caller: "ana", tools: ["read"] });
      expect(one.trips.map((commands) => commands.length)).toEqual([3]);
      expect(one.journal.bring(NOTHING)).toBeNull();
      expect(one.journal.settle()).toBeNull();
    });

    test("of N calls that were agreed to exactly N pass, at however many replicas", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const id = await asked(one);
      expect(await asked(other)).toBe(id);
      expect(await one.desk.approve(id, { ...WORD, calls: 5 })).toMatchObject({ callsLeft: 5 });
      expect(await other.desk.pending()).toEqual([]);
      const ends = await Promise.all(
        Array.from({ length: 20 }, (_, index) => passes(index % 2 === 0 ? one : other)),
      );
      expect(ends.filter((end) => end)).toHaveLength(5);
      expect(await one.desk.grants()).toEqual([]);
    });

    test("a no holds at all replicas, and a grant that is taken back is none", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const id = await asked(one);
      expect(await other.desk.deny(id)).toMatchObject({ state: "denied" });
      await one.journal.bring({ ...NOTHING, caller: "ana" });
      expect(one.approvals.ask(QUESTION)).toEqual({ kind: "denied", id });
      expect(await one.desk.approve(id, WORD)).toBeNull();
      const second = await asked(one, { ...QUESTION, subject: { ...SUBJECT, name: "other" } });
      expect(await one.desk.approve(second, WORD)).not.toBeNull();
      expect(await other.desk.deny(second)).toMatchObject({ state: "granted" });
      expect(await one.desk.grants()).toEqual([]);
    });

    test("a grant is for just this request, and for nobody else's", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      await one.desk.approve(await asked(one), WORD);
      for (const caller of ["ana", "bo"]) await other.journal.bring({ ...NOTHING, caller });
      const others = [
        { ...SUBJECT, caller: "bo" },
        { ...SUBJECT, session: "s-2" },
        { ...SUBJECT, policy: "sha256:2" },
        { ...SUBJECT, digest: () => "other" },
      ];
      expect(others.map((subject) => other.approvals.grants(subject))).toEqual([[], [], [], []]);
      expect(other.approvals.grants(SUBJECT)).toHaveLength(1);
    });

    test("callers without a name leave room for the questions of those with one", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      const nameless = { ...SUBJECT, isNamed: false };
      const questionOf = (subject: ApprovalSubject) => ({ ...QUESTION, subject });
      const outcomes: (string | null)[] = [];
      for (let index = 0; index < APPROVAL_DEFAULTS.questionsOfCallerMax + 1; index++) {
        await one.journal.bring({ ...NOTHING, caller: "ana" });
        one.approvals.ask(questionOf({ ...nameless, name: `tool-${index}` }));
        outcomes.push((await one.journal.settle()) ?? null);
      }
      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(32);
      expect(outcomes.at(-1)).toBe("approval_required");
    });

    test("without Redis nobody is asked, and nothing passes by a grant", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis, { onFailure: "local" });
      await one.desk.approve(await asked(one), WORD);
      await one.journal.bring({ ...NOTHING, caller: "ana" });
      expect(one.approvals.grants(SUBJECT)).toHaveLength(1);
      await redis.stop();
      await waitFor("the end", () => !one.connection.isUp());
      expect(one.approvals.use(one.approvals.grants(SUBJECT)[0]?.id ?? "", SUBJECT)).not.toBeNull();
      expect(await one.journal.settle()).toBe("state_unavailable");
      expect(await one.journal.bring({ ...NOTHING, caller: "ana" })).toBeNull();
      expect(one.approvals.grants(SUBJECT)).toEqual([]);
      expect(one.approvals.ask(QUESTION)).toEqual({ kind: "unasked" });
      await expect(one.desk.pending()).rejects.toThrow("does not answer");
    });

    test("a tool's definition is known wherever it was seen", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const hash = `sha256:${"a".repeat(64)}`;
      expect(one.tools.hashOf("files", "read")).toBeUndefined();
      one.tools.note(
        "files",
        new Map([
          ["read", hash],
          ["odd", null],
        ]),
      );
      expect(await one.journal.settle()).toBeNull();
      await other.journal.bring({ ...NOTHING, tools: "all" });
      const hashes = ["read", "odd", "new"].map((tool) => other.tools.hashOf("files", tool));
      expect(hashes).toEqual([hash, null, undefined]);
      other.tools.note("files", new Map([["read", hash]]));
      expect(other.journal.settle()).toBeNull();
    });

    test("the rights that docs/redis.md asks for are enough, and reach no other keys", async () => {
      const page = readFileSync(new URL("../../../docs/redis.md", import.meta.url), "utf8");
      const told = /^user impedance on #… ~impedance:\*([^`]*)```/m.exec(page)?.[1] ?? "";
      const password = ["open", "sesame"].join("-");
      const user = ["impedance", "on", `>${password}`, "~test:*", ...told.trim().split(/\s+/)];
      await using redis = await startRedis(["--user", ...user]);
      using one = await startReplica(redis, { login: { username: "impedance", password } });
      const ana = principal("ana");
      const session = entered(await one.sessions.open({ ...visitor(ana), id: "s-1" }));
      const release = session.keep();
      session.note("allowed");
      const id = await asked(one);
      expect(await one.desk.approve(id, WORD)).toMatchObject({ id });
      expect(await passes(one)).toBe(true);
      expect(await one.desk.deny(await asked(one))).toMatchObject({ state: "denied" });
      one.aliases.codeOf("/srv/a", scopeOf("ana"));
      one.tools.note("files", new Map([["read", null]]));
      expect(await one.journal.settle()).toBeNull();
      const aliases = { scope: scopeOf("ana"), codes: ["0123456789abcdef"] };
      const wanted: Wanted = { server: "files", aliases, caller: "ana", tools: "all" };
      expect(await one.journal.bring(wanted)).toBeNull();
      expect(await one.journal.bring({ ...wanted, tools: ["read"] })).toBeNull();
      expect(await one.replays.use("jti", Date.now() + 1_000)).toBe("first");
      one.brake.failed("192.0.2.1");
      release();
      session.end("policy");
      await waitFor("the end", async () => {
        return came(await one.sessions.enter(visitor(ana))) === "session_unknown";
      });
      const { client } = one.connection;
      const others = await Promise.all([client.get("other"), client.dbsize()].map(refusalOf));
      expect(others).toEqual(["NOPERM", "NOPERM"]);
      expect(one.failed).toEqual([]);
    });

    test("a token that one let in is used up for the other", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const ends = Date.now() + 60_000;
      const uses = await Promise.all([one, other].map(({ replays }) => replays.use("jti", ends)));
      expect(uses.sort()).toEqual(["first", "used"]);
      await redis.stop();
      await waitFor("the end", () => !one.connection.isUp());
      expect(await one.replays.use("new", ends)).toBe("full");
    });

    test("a token is remembered for longer than it is good by any replica's clock", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using ahead = await startReplica(redis, { aheadMs: 59_990 });
      const ends = Date.now() + 60_000;
      expect(await ahead.replays.use("jti", ends)).toBe("first");
      const key = String((await one.connection.client.keys("test:token:*"))[0]);
      expect(await one.connection.client.pttl(key)).toBeGreaterThan(60_000);
    });

    test("a token that came in while Redis was there is used up here while it is away", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis, { deadlineMs: 100 });
      const fallback = createReplayMemory({ clock });
      const replays = one.replaysWith(fallback);
      const ends = Date.now() + 60_000;
      expect(await replays.use("jti", ends)).toBe("first");
      await redis.stop();
      await waitFor("the end", () => !one.connection.isUp());
      expect(await replays.use("jti", ends)).toBe("used");
      expect(await replays.use("new", ends)).toBe("first");
    });

    test("guesses at one replica count at the others, from the first guess there", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      for (let guess = 0; guess < 3; guess++) one.brake.failed("192.0.2.1");
      expect(one.brake.waitMs("192.0.2.1")).toBeGreaterThan(0);
      expect(other.brake.waitMs("192.0.2.1")).toBe(0);
      await one.batch.send([plain("ping")]);
      other.brake.failed("192.0.2.1");
      await waitFor("the wait", () => other.brake.waitMs("192.0.2.1") > 0);
      expect(other.brake.waitMs("192.0.2.2")).toBe(0);
    });
  },
);

const SUBJECT: ApprovalSubject = {
  caller: "ana",
  isNamed: true,
  session: "s-1",
  server: "bank",
  method: "tools/call",
  name: "transfer",
  policy: "sha256:1",
  digest: () => "abc",
};
const ASKED = { rule: "allow/0", message: "Agree?", calls: null, minutes: null, by: null };
const QUESTION: ApprovalQuestion = {
  ...{ subject: SUBJECT, asked: [ASKED] },
  ...{ principal: "ana", argumentKeys: ["to"], decisionId: "d-1" },
};
const WORD = { by: "operator", calls: null, minutes: null, anyArguments: false } as const;

/** Sessions of one millisecond have no order. */
async function laterAt({ connection }: Replica): Promise<void> {
  const millisecond = async () => {
    const [seconds, microseconds] = await connection.client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  };
  const now = await millisecond();
  await waitFor("a later time", async () => (await millisecond()) > now);
}

async function asked({ journal, approvals }: Replica, question = QUESTION): Promise<string> {
  await journal.bring({ ...NOTHING, caller: question.subject.caller });
  const outcome = approvals.ask(question);
  if (outcome.kind !== "waiting") throw new Error(outcome.kind);
  expect((await journal.settle()) ?? null).toBeNull();
  return outcome.id;
}

async function refusalOf(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => "",
    (error: Error) => error.message.slice(0, "NOPERM".length),
  );
}

/** As one request does it. */
async function passes({ journal, approvals }: Replica): Promise<boolean> {
  await journal.bring({ ...NOTHING, caller: "ana" });
  const [grant] = approvals.grants(SUBJECT);
  if (grant === undefined || approvals.use(grant.id, SUBJECT) === null) return false;
  return (await journal.settle()) === null;
}

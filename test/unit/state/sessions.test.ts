import { beforeEach, describe, expect, test } from "vitest";

import type { AuthEvent } from "../../../src/core/auth-log.ts";
import { type Credential, NO_CREDENTIAL } from "../../../src/core/identity.ts";
import type { Principal } from "../../../src/core/policy.ts";
import type { Clock } from "../../../src/core/ports.ts";
import {
  type Entry,
  SESSION_DEFAULTS,
  type Session,
  type SessionBook,
  type SessionSettings,
  type Visitor,
} from "../../../src/core/session.ts";
import { createSessionBook } from "../../../src/state/sessions.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

let now: number;
let accepts: boolean;
let events: AuthEvent[];
let book: SessionBook;
const clock: Clock = { now: () => now, monotonic: () => now };

function open(settings: Partial<SessionSettings> = {}): void {
  const log = {
    record: (event: AuthEvent) => {
      events.push(event);
      return accepts;
    },
  };
  book = createSessionBook({ clock, log, ...SESSION_DEFAULTS, ...settings });
}

beforeEach(() => {
  now = 1_000_000;
  accepts = true;
  events = [];
  open();
});

function principal(id: string, changes: Partial<Principal> = {}): Principal {
  const known = { kind: "user", roles: ["dev"], scopes: [], claims: {} } as const;
  return { id, ...known, authenticated_by: "jwt", ...changes };
}

const NOBODY = principal("anonymous@files", { kind: "anonymous", authenticated_by: "none" });

function visitor(who: Principal | string, id: string | null, credential = NO_CREDENTIAL): Visitor {
  const known = typeof who === "string" ? principal(who) : who;
  const place = { server: "files", sourceIp: "10.0.0.1", requestId: "r1" };
  return { principal: known, credential, id, ...place };
}

function given(who: Principal | string, id: string, credential?: Credential): Entry {
  return settled(book.open({ ...visitor(who, id, credential), id }));
}

function came(who: Principal | string, id: string | null, credential?: Credential): Entry {
  const entry = book.enter(visitor(who, id, credential));
  if (entry === null) throw new Error("there is no session");
  return settled(entry);
}

/** In memory everything is known at once. */
function settled(entry: Entry | Promise<Entry>): Entry {
  if (entry instanceof Promise) throw new Error("it is not known at once");
  return entry;
}

function inside(entry: Entry): Session {
  if (entry.kind !== "entered") throw new Error(entry.code);
  return entry.session;
}

function codeOf(entry: Entry): string {
  return entry.kind === "refused" ? entry.code : entry.kind;
}

function told(): string[] {
  return events.map((event) => {
    if (event.kind === "session_opened") return `${event.kind} ${event.origin}`;
    return event.kind === "session_ended" ? `${event.kind} ${event.cause}` : event.kind;
  });
}

describe("a session that a server gave out", () => {
  beforeEach(() => void given("ana", "s1"));

  test("is its owner's, time and again", () => {
    expect(codeOf(came("ana", "s1"))).toBe("entered");
    expect(codeOf(came("ana", "s1"))).toBe("entered");
    expect(told()).toEqual(["session_opened initialize"]);
  });

  test("is over for everybody once another identity came with it", () => {
    expect(codeOf(came("bo", "s1"))).toBe("session_foreign");
    expect(codeOf(came("ana", "s1"))).toBe("session_unknown");
    expect(codeOf(came("bo", "s1"))).toBe("session_unknown");
    expect(told()).toEqual([
      "session_opened initialize",
      "session_foreign",
      "session_ended foreign",
      "session_refused",
      "session_refused",
    ]);
  });

  test("tells in the account who came, and to whom it belonged", () => {
    came("bo", "s1");
    expect(events.slice(1)).toMatchObject([
      { principal: "bo", session: "s1", sourceIp: "10.0.0.1", requestId: "r1" },
      { principal: "ana", session: "s1", sourceIp: null, requestId: null },
    ]);
  });

  test.each([
    { title: "of another kind", who: principal("ana", { kind: "service" }) },
    { title: "that nobody vouches for", who: NOBODY },
  ])("is not for somebody $title", ({ who }) => {
    expect(codeOf(came(who, "s1"))).toBe("session_foreign");
  });

  test("is another one at another server", () => {
    const elsewhere = book.enter({ ...visitor("bo", "s1"), server: "crm" });
    expect(elsewhere).toMatchObject({ kind: "entered" });
    expect(codeOf(came("ana", "s1"))).toBe("entered");
  });

  test("cannot be given to somebody else, and stays whose it was", () => {
    expect(codeOf(given("bo", "s1"))).toBe("session_conflict");
    expect(codeOf(came("ana", "s1"))).toBe("entered");
  });

  test("begins anew when the server gives it to its owner again", () => {
    inside(came("ana", "s1")).note("allowed");
    now += HOUR / 2;
    expect(inside(given("ana", "s1")).facts()).toMatchObject({ age_s: 0, calls: 0 });
  });

  test("may be given out again when it is over", () => {
    inside(came("ana", "s1")).end("deleted");
    expect(codeOf(given("bo", "s1"))).toBe("entered");
    expect(codeOf(came("bo", "s1"))).toBe("entered");
  });
});

describe("a session is over", () => {
  beforeEach(() => void given("ana", "s1"));

  test.each([
    { title: "as old as it may become", after: SESSION_DEFAULTS.maxAgeMs, step: HOUR / 2 },
    { title: "idle for as long as it may be", after: SESSION_DEFAULTS.idleMs, step: HOUR },
  ])("when it is $title, and not before", ({ after, step }) => {
    const end = now + after;
    while (now + step < end) {
      now += step;
      expect(codeOf(came("ana", "s1"))).toBe("entered");
    }
    now = end - 1;
    expect(codeOf(came("ana", "s1"))).toBe("entered");
    now = Math.max(end, now + (after === SESSION_DEFAULTS.idleMs ? after : 0));
    expect(codeOf(came("ana", "s1"))).toBe("session_unknown");
  });

  test("when what its owner showed last was taken back", () => {
    let isRevoked = false;
    const credential: Credential = { ...NO_CREDENTIAL, isRevoked: () => isRevoked };
    const session = inside(came("ana", "s1", credential));
    expect(session.over()).toBeNull();
    isRevoked = true;
    expect(session.over()).toBe("revoked");
    expect(codeOf(came("ana", "s1"))).toBe("session_unknown");
  });

  test("once, whatever comes after it", () => {
    const session = inside(came("ana", "s1"));
    session.end("deleted");
    session.end("foreign");
    expect(session.over()).toBe("deleted");
    expect(told().slice(1)).toEqual(["session_ended deleted"]);
  });

  test("even where the account cannot take it", () => {
    accepts = false;
    inside(came("ana", "s1")).end("deleted");
    accepts = true;
    expect(codeOf(came("ana", "s1"))).toBe("session_unknown");
  });

  test("without anybody coming with it: others' requests find what is idle", () => {
    now += SESSION_DEFAULTS.idleMs;
    given("bo", "s2");
    expect(told()).toEqual([
      "session_opened initialize",
      "session_ended idle",
      "session_opened initialize",
    ]);
  });
});

describe("a session that a stream is open in", () => {
  test("is not idle until the stream is given back", () => {
    const session = inside(given("ana", "s1"));
    const release = session.keep();
    now += 2 * SESSION_DEFAULTS.idleMs;
    given("bo", "s2");
    expect(session.over()).toBeNull();
    release();
    release();
    now += SESSION_DEFAULTS.idleMs - 1;
    expect(session.over()).toBeNull();
    now += 1;
    expect(session.over()).toBe("idle");
  });

  test("ends all the same when it is as old as it may become", () => {
    const session = inside(given("ana", "s1"));
    session.keep();
    now += SESSION_DEFAULTS.maxAgeMs;
    expect(session.over()).toBe("max_age");
  });
});

describe("an id that nobody knows", () => {
  test("is bound to who comes with it first", () => {
    expect(codeOf(came("ana", "s9"))).toBe("entered");
    expect(codeOf(came("bo", "s9"))).toBe("session_foreign");
    expect(told()[0]).toBe("session_opened adopted");
  });

  test("is refused where it is configured so; one that was given out is not", () => {
    open({ unknown: "refuse" });
    given("ana", "s1");
    expect(codeOf(came("ana", "s9"))).toBe("session_unknown");
    expect(codeOf(came("ana", "s1"))).toBe("entered");
  });

  test("is bound without a name where nobody vouches for callers", () => {
    expect(codeOf(came(NOBODY, "s9"))).toBe("entered");
    expect(codeOf(came(NOBODY, "s9"))).toBe("entered");
  });

  test("may be as long as it likes", () => {
    const long = "x".repeat(100_000);
    expect(codeOf(came("ana", long))).toBe("entered");
    expect(codeOf(came("bo", long))).toBe("session_foreign");
    expect(codeOf(came("bo", `${long}y`))).toBe("entered");
  });
});

describe("where the protocol has no session", () => {
  const token = (session: string): Credential => ({ ...NO_CREDENTIAL, session });

  test("it is the principal and what its credential says", () => {
    inside(came("ana", null, token("jti-1"))).note("allowed");
    expect(inside(came("ana", null, token("jti-1"))).facts().calls).toBe(1);
    expect(inside(came("ana", null, token("jti-2"))).facts().calls).toBe(0);
    expect(inside(came("bo", null, token("jti-1"))).facts().calls).toBe(0);
    expect(told()).toEqual(Array(3).fill("session_opened credential"));
  });

  test("it goes on at another server", () => {
    inside(came("ana", null, token("jti-1"))).note("denied");
    const elsewhere = { ...visitor("ana", null, token("jti-1")), server: "crm" };
    const entry = book.enter(elsewhere);
    expect(entry).not.toBeNull();
    expect(inside(settled(entry ?? came("ana", null))).facts().denied).toBe(1);
  });

  test("its window slides, and one that is over begins anew", () => {
    inside(came("ana", null, token("jti-1"))).note("denied");
    now += HOUR - 1;
    expect(inside(came("ana", null, token("jti-1"))).facts().denied).toBe(1);
    now += HOUR;
    expect(inside(came("ana", null, token("jti-1"))).facts()).toMatchObject({
      denied: 0,
      age_s: 0,
    });
  });

  test("there is none without a credential that stands for one", () => {
    expect(book.enter(visitor(NOBODY, null))).toBeNull();
  });

  test("no id of a server's is mistaken for a credential's", () => {
    came("ana", null, token("x"));
    expect(codeOf(came("bo", "x"))).toBe("entered");
  });
});

describe("room for sessions", () => {
  test("is made by the one that its principal used least recently", () => {
    open({ perPrincipalMax: 2 });
    given("ana", "s1");
    given("ana", "s2");
    given("bo", "s3");
    came("ana", "s1");
    given("ana", "s4");
    expect(codeOf(came("ana", "s1"))).toBe("entered");
    expect(codeOf(came("bo", "s3"))).toBe("entered");
    expect(codeOf(came("ana", "s2"))).toBe("session_unknown");
    expect(told()).toContain("session_ended principal_full");
  });

  test("is bounded, and what had to go may come back", () => {
    open({ sessionsMax: 2 });
    for (const id of ["s1", "s2", "s3"]) given(`user ${id}`, id);
    expect(told().filter((line) => line.startsWith("session_ended"))).toEqual([
      "session_ended evicted",
    ]);
    expect(codeOf(came("user s1", "s1"))).toBe("entered");
  });

  test("is not taken from those with a name by those without", () => {
    open({ sessionsMax: 2 });
    given("ana", "s1");
    for (let count = 0; count < 10; count += 1) given(NOBODY, `n${count}`);
    expect(codeOf(came("ana", "s1"))).toBe("entered");
    expect(codeOf(came("bo", "s1"))).toBe("session_foreign");
  });

  test("what is over is remembered within the same bound", () => {
    open({ sessionsMax: 2 });
    for (const id of ["s1", "s2", "s3"]) inside(given("ana", id)).end("deleted");
    expect(codeOf(came("bo", "s2"))).toBe("session_unknown");
    expect(codeOf(came("bo", "s3"))).toBe("session_unknown");
  });
});

describe("the account of who came", () => {
  test("has the opening of each session, or there is none", () => {
    accepts = false;
    expect(codeOf(given("ana", "s1"))).toBe("audit_unavailable");
    accepts = true;
    open({ unknown: "refuse" });
    expect(codeOf(came("ana", "s1"))).toBe("session_unknown");
  });

  test.each([
    { title: "roles", now: { roles: ["dev", "admin"] }, changed: ["roles"] },
    { title: "scopes", now: { scopes: ["files:write"] }, changed: ["scopes"] },
    {
      title: "way in",
      now: { authenticated_by: "mtls" as const },
      changed: ["authenticated_by"],
    },
  ])("tells when the owner comes with another $title", ({ now: change, changed }) => {
    given("ana", "s1");
    expect(codeOf(came(principal("ana", change), "s1"))).toBe("entered");
    expect(events[1]).toMatchObject({ kind: "identity_changed", principal: "ana", changed });
    expect(codeOf(came(principal("ana", change), "s1"))).toBe("entered");
    expect(events).toHaveLength(2);
  });

  test("does not tell of the same roles in another order", () => {
    given(principal("ana", { roles: ["a", "b"] }), "s1");
    came(principal("ana", { roles: ["b", "a"] }), "s1");
    expect(told()).toEqual(["session_opened initialize"]);
  });

  test("has to take a change of rights before they count", () => {
    given("ana", "s1");
    accepts = false;
    const admin = principal("ana", { roles: ["admin"] });
    expect(codeOf(came(admin, "s1"))).toBe("audit_unavailable");
    accepts = true;
    expect(codeOf(came(admin, "s1"))).toBe("entered");
    expect(told().slice(1)).toEqual(["identity_changed", "identity_changed"]);
  });
});

describe("the facts of a session", () => {
  test("count what was decided on in it, and how far it is trusted", () => {
    const session = inside(given("ana", "s1"));
    const nothing = { age_s: 0, calls: 0, denied: 0, trust: 100, threat: "low" };
    expect(session.facts()).toEqual(nothing);
    session.note("allowed");
    session.note("denied");
    session.note("invalid");
    now += 90 * SECOND;
    expect(session.facts()).toEqual({ age_s: 90, calls: 3, denied: 2, trust: 90, threat: "low" });
  });

  test("begin with less trust where nobody vouches for the caller", () => {
    expect(inside(given(NOBODY, "s1")).facts()).toMatchObject({ trust: 75, threat: "medium" });
  });

  test.each([
    { denials: 4, trust: 80, threat: "low" },
    { denials: 5, trust: 75, threat: "medium" },
    { denials: 9, trust: 55, threat: "medium" },
    { denials: 10, trust: 50, threat: "high" },
    { denials: 15, trust: 25, threat: "critical" },
    { denials: 50, trust: 0, threat: "critical" },
  ])("are a threat $threat after $denials denials", ({ denials, trust, threat }) => {
    const session = inside(given("ana", "s1"));
    for (let count = 0; count < denials; count += 1) session.note("denied");
    expect(session.facts()).toMatchObject({ trust, threat });
  });

  test("earn trust back slowly, and never more than there was", () => {
    const session = inside(given("ana", "s1"));
    session.note("denied");
    for (let count = 0; count < 49; count += 1) session.note("allowed");
    expect(session.facts().trust).toBe(99);
    for (let count = 0; count < 500; count += 1) session.note("allowed");
    session.note("attack");
    expect(session.facts()).toMatchObject({ trust: 90, calls: 550, denied: 1 });
  });

  test("lose trust by a change of rights", () => {
    given("ana", "s1");
    const session = inside(came(principal("ana", { roles: [] }), "s1"));
    expect(session.facts().trust).toBe(95);
  });
});

test("100,000 sessions are entered as fast as a few", () => {
  const timed = (count: number): number => {
    open({ perPrincipalMax: 1_000 });
    for (let index = 0; index < count; index += 1) given(`u${index % 1_000}`, `s${index}`);
    const visits = Array.from({ length: 5_000 }, (_, index) => {
      const at = (index * 7_919) % count;
      return visitor(`u${at % 1_000}`, `s${at}`);
    });
    const start = performance.now();
    for (const visit of visits) void book.enter(visit);
    return performance.now() - start;
  };
  timed(1_000);
  const few = Math.min(timed(1_000), timed(1_000));
  const many = Math.min(timed(100_000), timed(100_000));
  expect(many).toBeLessThan(few * 30 + 50);
});

test("callers without a name cannot have it forgotten which sessions of others are over", () => {
  open({ sessionsMax: 2 });
  given("ana", "s1");
  inside(came("ana", "s1")).end("foreign");
  for (const id of ["n1", "n2", "n3", "n4"]) inside(came(NOBODY, id)).end("forgotten_by_server");
  expect(codeOf(came("bo", "s1"))).toBe("session_unknown");
  // Their own are forgotten, one by one.
  expect(codeOf(came(NOBODY, "n1"))).toBe("entered");
  expect(codeOf(came(NOBODY, "n4"))).toBe("session_unknown");
});

test.each([
  { title: "two headers, joined", id: "s1, s2" },
  { title: "two headers, joined tightly", id: "s1,s2" },
  { title: "nothing", id: "" },
  { title: "no ASCII", id: "s\u00e9" },
  { title: "a line break", id: "s1\n" },
])("an id that is $title is nobody's, and nobody's to adopt", ({ id }) => {
  given("ana", "s1");
  expect(codeOf(came("bo", id))).toBe("session_unknown");
  expect(codeOf(came("bo", "s2"))).toBe("entered");
  expect(codeOf(came("ana", "s1"))).toBe("entered");
});

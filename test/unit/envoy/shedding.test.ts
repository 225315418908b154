import { beforeEach, describe, expect, test } from "vitest";

import type { Exchange, Firewall, HttpDenial, RequestHead } from "../../../src/core/exchange.ts";
import { createShedding, type Shedding } from "../../../src/envoy/shedding.ts";

const LIMITS = { openExchangesMax: 10_000, queueDelayMs: 50 };
const WAITING = 200;

let now: number;
let shed: string[];
let opened: RequestHead[];
let closed: number;
let shedding: Shedding;

const denial: HttpDenial = {
  status: 503,
  headers: [],
  body: Buffer.from("{}"),
  metadata: {
    decision_id: "d",
    allowed: false,
    method: null,
    tool: null,
    principal: "",
    reasons: ["overloaded"],
  },
};

/** Tells whether an exchange is the real one by what it says to its head. */
const firewall: Firewall = {
  open(head) {
    opened.push(head);
    const real: Pick<Exchange, "requestHead" | "abort" | "close"> = {
      requestHead: async () => ({ kind: "collect", maxBytes: 1, responseHeadDeadlineMs: 1 }),
      abort: () => denial,
      close: () => {
        closed += 1;
      },
    };
    return real as Exchange;
  },
};

beforeEach(() => {
  now = 0;
  shed = [];
  opened = [];
  closed = 0;
  const onShed = (reason: string) => shed.push(reason);
  shedding = createShedding({ firewall, limits: LIMITS, onShed, now: () => now });
});

function head(change: Partial<RequestHead> = {}): RequestHead {
  return {
    method: "POST",
    path: "/mcp",
    headers: new Map(),
    server: "files",
    source: { ip: null, spiffe: null },
    requestId: null,
    ...change,
  };
}

/** So many wait; then, each millisecond, one has its turn and another comes. */
function overload(milliseconds: number): void {
  const places = Array.from({ length: WAITING }, () => shedding.arrive(0));
  for (let turn = 0; turn < milliseconds; turn += 1) {
    now += 1;
    places.push(shedding.arrive(0));
    places.shift()?.open(head());
  }
}

describe("with more to do than can be done", () => {
  test.each<{ title: string; head: Partial<RequestHead>; kind: "deny" | "collect" }>([
    { title: "a call that begins is turned away", head: {}, kind: "deny" },
    {
      title: "a call of the newest revision is turned away",
      head: { headers: new Map([["mcp-method", "tools/call"]]) },
      kind: "deny",
    },
    {
      title: "a call in a session is served",
      head: { headers: new Map([["mcp-session-id", "s"]]) },
      kind: "collect",
    },
    {
      title: "a question after a task is served",
      head: { headers: new Map([["mcp-method", "tasks/get"]]) },
      kind: "collect",
    },
    {
      title: "a notification is served",
      head: { headers: new Map([["mcp-method", "notifications/cancelled"]]) },
      kind: "collect",
    },
    { title: "a stream that is opened again is served", head: { method: "GET" }, kind: "collect" },
    { title: "the end of a session is served", head: { method: "DELETE" }, kind: "collect" },
  ])("$title", async ({ head: change, kind }) => {
    overload(450);
    const place = shedding.arrive(0);
    now += 110;
    expect(await place.open(head(change)).requestHead()).toMatchObject({ kind });
  });

  test("all of a second are turned away by one decision for each server", () => {
    overload(450);
    const [one, other, elsewhere] = Array.from({ length: 3 }, () => shedding.arrive(0));
    now += 110;
    const before = shed.length;
    opened = [];
    closed = 0;
    one?.open(head({ server: "mail" }));
    other?.open(head({ server: "mail", requestId: "2" }));
    elsewhere?.open(head({ server: "wiki" }));
    expect(shed.length).toBe(before + 3);
    expect(opened.map(({ server }) => server)).toEqual(["mail", "wiki"]);
    expect(closed).toBe(2);
  });

  test("one more is refused unread", () => {
    overload(450);
    expect(shedding.refuses(0, 0)).toBe(true);
    expect(shed.at(-1)).toBe("queue");
  });
});

test("those that wait unread count as well, by what is served while they wait", () => {
  const outcomes: boolean[] = [];
  for (let each = 0; each < 1_000; each += 1) {
    now += 1;
    const refused = shedding.refuses(1, 101);
    outcomes.push(refused);
    if (!refused) shedding.arrive(101).open(head());
  }
  expect(outcomes.slice(0, 200)).not.toContain(true);
  expect(outcomes.slice(250)).toContain(true);
});

test("of ten a second that wait unread no more than one is there at once", () => {
  for (let each = 0; each < 100; each += 1) {
    now += 100;
    expect(shedding.refuses(1, 101)).toBe(false);
    shedding.arrive(101).open(head());
  }
  expect(shed).toEqual([]);
});

test("nobody is turned away while everybody has a turn at once", () => {
  for (let each = 0; each < 5_000; each += 1) {
    now += 1;
    expect(shedding.refuses(each, 0)).toBe(false);
    shedding.arrive(0).open(head());
  }
  expect(shed).toEqual([]);
  expect(opened.length).toBe(5_000);
});

test("an exchange that ended before its turn waits no longer", () => {
  const places = Array.from({ length: WAITING }, () => shedding.arrive(0));
  for (const place of places) {
    place.leave();
    place.leave();
  }
  overload(300);
  expect(shed.length).toBeLessThan(300);
});

test("over the limit of what is open at once, one more is refused unread", () => {
  expect(shedding.refuses(LIMITS.openExchangesMax - 1, 0)).toBe(false);
  expect(shed).toEqual([]);
  expect(shedding.refuses(LIMITS.openExchangesMax, 0)).toBe(true);
  expect(shed).toEqual(["open_exchanges"]);
});

test("what was turned away is denied however it goes on", async () => {
  overload(450);
  const place = shedding.arrive(0);
  now += 110;
  const exchange = place.open(head());
  const deny = { kind: "deny", denial };
  expect(await exchange.request(new Uint8Array(1))).toEqual(deny);
  expect(exchange.responseHead({ status: 200, headers: new Map() })).toEqual(deny);
  expect(await exchange.response(new Uint8Array(1))).toEqual(deny);
  expect(await exchange.streamChunk(new Uint8Array(1), false)).toEqual({
    bytes: new Uint8Array(0),
    end: true,
  });
  expect(exchange.abort("internal")).toBe(denial);
  expect(exchange.abortStream("internal")).toEqual(new Uint8Array(0));
  expect(exchange.lapsed()).toBe(null);
  await exchange.hold();
  exchange.close();
});

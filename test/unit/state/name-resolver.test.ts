import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createNameResolver } from "../../../src/state/name-resolver.ts";
import { startNameServer, type Zone } from "../../support/name-server.ts";

async function setting(zone: Zone, deadlineMs = 2_000) {
  let now = 0;
  const server = await startNameServer(zone);
  const clock = { monotonic: () => now };
  const resolver = createNameResolver({ clock, servers: [server.address], deadlineMs });
  return {
    ...{ server, resolver },
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("a name stands for all of its addresses, of both kinds; one that is not there, for none", async () => {
  await using known = await setting(new Map([["two.example", ["10.0.0.7", "2001:db8::1"]]]));
  expect(await known.resolver.resolve("two.example")).toEqual(["10.0.0.7", "2001:db8::1"]);
  expect(await known.resolver.resolve("none.example")).toEqual([]);
});

test("an answer is remembered, for as long as it holds and no longer", async () => {
  await using known = await setting(new Map([["a.example", ["10.0.0.7"]]]));
  await known.resolver.resolve("a.example");
  await known.resolver.resolve("none.example");
  expect(known.resolver.resolve("a.example")).toEqual(["10.0.0.7"]);
  expect(known.resolver.resolve("none.example")).toEqual([]);
  known.pass(5);
  expect(known.resolver.resolve("none.example")).toBeInstanceOf(Promise);
  known.pass(25);
  expect(known.resolver.resolve("a.example")).toBeInstanceOf(Promise);
});

test("those who ask for one name at the same time ask once", async () => {
  await using known = await setting(new Map([["a.example", ["10.0.0.7"]]]));
  const all = Array.from({ length: 50 }, () => known.resolver.resolve("a.example"));
  expect(new Set((await Promise.all(all)).map(String))).toEqual(new Set(["10.0.0.7"]));
  expect([...known.server.asked].sort()).toEqual(["a.example A", "a.example AAAA"]);
});

test("nobody waits longer than the deadline, and no failure is an answer", async () => {
  await using known = await setting(
    new Map([
      ["silent.example", "silent"],
      ["failed.example", "failed"],
    ]),
    50,
  );
  const answer = known.resolver.resolve("silent.example");
  // Of two timers that are set one after the other the longer one never ends first.
  expect(await Promise.race([answer, delay(51, "later")])).toBeNull();
  expect(await known.resolver.resolve("failed.example")).toBeNull();
});

test("more questions than are open at the same time are not asked", async () => {
  await using known = await setting(
    new Map(Array.from({ length: 300 }, (_, at) => [`n${at}.example`, "silent"] as const)),
    20,
  );
  const answers = Array.from({ length: 300 }, (_, at) => known.resolver.resolve(`n${at}.example`));
  expect(answers.filter((answer) => answer === null)).toHaveLength(300 - 256);
  expect(new Set(await Promise.all(answers))).toEqual(new Set([null]));
});

import { expect, test } from "vitest";

import { createKeyRing } from "../../../../src/identity/jwt/key-ring.ts";
import { createTestKey, type TestKey } from "../../../support/tokens.ts";

const first = createTestKey("EdDSA", "first");
const second = createTestKey("EdDSA", "second");

/** A ring whose source and clock the test moves. */
function ringOf(published: TestKey[]) {
  const failures: string[] = [];
  let now = 0;
  let fetches = 0;
  let isAway = false;
  const ring = createKeyRing({
    source: async () => {
      fetches++;
      if (isAway) throw new Error("away");
      return { keys: published.map(({ jwk }) => jwk) };
    },
    maxAgeMs: 60_000,
    cooldownMs: 10_000,
    clock: { monotonic: () => now },
    onFailure: (reason) => failures.push(reason),
  });
  return {
    failures,
    fetches: () => fetches,
    pass: (ms: number) => {
      now += ms;
    },
    away: (is: boolean) => {
      isAway = is;
    },
    async has(key: TestKey): Promise<boolean | null> {
      const found = await ring.candidates(key.kid, "EdDSA");
      return found === null ? null : found.length === 1;
    },
  };
}

test("keys are fetched when first needed, and then remembered", async () => {
  const ring = ringOf([first]);
  expect(ring.fetches()).toBe(0);
  expect(await ring.has(first)).toBe(true);
  expect(await ring.has(first)).toBe(true);
  expect(ring.fetches()).toBe(1);
});

test("many requests at once ask the issuer once", async () => {
  const ring = ringOf([first]);
  const all = await Promise.all(Array.from({ length: 50 }, () => ring.has(first)));
  expect(all.every((has) => has === true)).toBe(true);
  expect(ring.fetches()).toBe(1);
});

test("a new key is found at once, an invented one asks no more than once in a while", async () => {
  const published = [first];
  const ring = ringOf(published);
  await ring.has(first);
  published.push(second);
  expect(await ring.has(second)).toBe(true);
  expect(ring.fetches()).toBe(2);
  for (let attempt = 0; attempt < 20; attempt++) {
    expect(await ring.has(createTestKey("EdDSA"))).toBe(false);
  }
  expect(ring.fetches()).toBe(2);
  ring.pass(10_000);
  expect(await ring.has(createTestKey("EdDSA"))).toBe(false);
  expect(ring.fetches()).toBe(3);
});

test("a key that is no longer published is gone once those known are half their age", async () => {
  const published = [first, second];
  const ring = ringOf(published);
  await ring.has(first);
  published.shift();
  ring.pass(29_999);
  expect(await ring.has(first)).toBe(true);
  ring.pass(1);
  // This one asks in passing.
  await ring.has(first);
  await expect.poll(() => ring.has(first)).toBe(false);
  expect(await ring.has(second)).toBe(true);
});

test("keys vouch for nothing at their greatest age while the issuer is away", async () => {
  const ring = ringOf([first]);
  await ring.has(first);
  ring.away(true);
  ring.pass(59_999);
  expect(await ring.has(first)).toBe(true);
  ring.pass(1);
  expect(await ring.has(first)).toBeNull();
  expect(ring.failures).toContain("away");
  // It is asked again in a while, not for each request.
  const { length } = ring.failures;
  await ring.has(first);
  expect(ring.failures).toHaveLength(length);
  ring.away(false);
  ring.pass(1_000);
  expect(await ring.has(first)).toBe(true);
});

test("what is no set of keys is as good as none", async () => {
  const ring = createKeyRing({
    source: async () => ({ keys: "all" }),
    maxAgeMs: 60_000,
    cooldownMs: 10_000,
    clock: { monotonic: () => 0 },
    onFailure: () => undefined,
  });
  expect(await ring.candidates("first", "EdDSA")).toBeNull();
});

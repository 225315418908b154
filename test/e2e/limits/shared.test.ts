/** Limits that replicas share, in a real Redis: while it is there, while it is not, and afterwards. */

import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import type { RateStore } from "../../../src/core/ports.ts";
import type { RateAnswer } from "../../../src/core/rate-limit.ts";
import { connectRedis } from "../../../src/state/redis.ts";
import { createRedisRates } from "../../../src/state/redis-rates.ts";
import { createTokenBuckets } from "../../../src/state/token-buckets.ts";
import { AUTHORITY_FILE, LOCALHOST } from "../../support/certificates.ts";
import { freePort } from "../../support/gateway.ts";
import { REDIS_SERVER, startRedis, type TestRedis } from "../../support/redis.ts";
import { waitFor } from "../../support/wait.ts";

const SLOW = { points: 1, seconds: 60, burst: 5 };
const DEADLINE_MS = 100;
/** Made up for this test. */
const PASSWORD = ["open", "sesame"].join("-");

interface Replica extends Disposable {
  readonly store: RateStore;
  /** Whether Redis answers, as it was told: each change once. */
  readonly changes: readonly boolean[];
  take(key?: string, cost?: number): Promise<RateAnswer>;
}

async function startReplica(
  redis: TestRedis,
  { hasFallback = false, commandDeadlineMs = DEADLINE_MS } = {},
): Promise<Replica> {
  const changes: boolean[] = [];
  const connection = connectRedis({
    address: { kind: "unix", path: redis.socket },
    ...{ username: null, password: null, ca: null, commandDeadlineMs },
    onChange: (isUp) => changes.push(isUp),
  });
  await connection.waitUntilUp(5_000);
  const clock = { monotonic: () => performance.now() };
  const store = createRedisRates({
    connection,
    keyPrefix: "test:",
    fallback: hasFallback ? createTokenBuckets({ clock, keysMax: 100 }) : null,
    digest: (text) => hash("sha256", text, "base64url"),
  });
  const bucket = (key: string) => ({ limit: "slow", key, rate: SLOW });
  return {
    store,
    changes,
    take: async (key = "alice", cost = 1) => store.take([{ bucket: bucket(key), cost }]),
    [Symbol.dispose]: () => connection.close(),
  };
}

/** How many of so many asks were paid. */
async function paid(asks: readonly Promise<RateAnswer>[]): Promise<number> {
  const answers = await Promise.all(asks);
  return answers.filter((answer) => answer?.[0] === 0).length;
}

describe.skipIf(REDIS_SERVER === null)(
  `limits in Redis (${REDIS_SERVER ?? "skipped: there is no redis-server"})`,
  () => {
    test("are shared by replicas, to the point", async () => {
      await using redis = await startRedis();
      using one = await startReplica(redis);
      using other = await startReplica(redis);
      const asks = Array.from({ length: 40 }, (_, index) => (index % 2 ? one : other).take());
      expect(await paid(asks)).toBe(SLOW.burst);
      const [wait = 0] = (await one.take()) ?? [];
      expect(wait).toBeGreaterThan(50_000);
      expect(wait).toBeLessThanOrEqual(60_000);
      expect(await other.take("bob")).toEqual([0]);
    });

    test("come back with time, by Redis's clock", async () => {
      await using redis = await startRedis();
      using replica = await startReplica(redis);
      const bucket = { limit: "fast", key: "a", rate: { points: 50, seconds: 1, burst: 2 } };
      const take = () => replica.store.take([{ bucket, cost: 1 }]);
      expect([await take(), await take()]).toEqual([[0], [0]]);
      await waitFor("a point", async () => (await take())?.[0] === 0);
    });

    test("are charged for what was spent already, and then in debt", async () => {
      await using redis = await startRedis();
      using replica = await startReplica(redis);
      replica.store.charge({ limit: "slow", key: "alice", rate: SLOW }, 7);
      const [wait = 0] = (await replica.take()) ?? [];
      expect(wait).toBeGreaterThan(170_000);
      expect(await replica.take("bob", 30)).toEqual([0]);
      expect((await replica.take("bob"))?.[0]).toBeGreaterThan(1_500_000);
    });

    test("hold no name of a caller, and end by themselves", async () => {
      await using redis = await startRedis();
      using replica = await startReplica(redis);
      await replica.take("alice");
      const client = connectRedis({
        address: { kind: "unix", path: redis.socket },
        ...{ username: null, password: null, ca: null, commandDeadlineMs: 1_000, onChange() {} },
      });
      await client.waitUntilUp(5_000);
      const keys = await client.client.keys("*");
      const [lives] = await Promise.all(keys.map((key) => client.client.pttl(key)));
      client.close();
      expect(keys).toEqual([`test:rate:slow:${hash("sha256", "alice", "base64url")}`]);
      expect(lives).toBeGreaterThan(0);
      expect(lives).toBeLessThanOrEqual(60_001);
    });

    test.each([
      { title: "cannot be told while Redis is away", hasFallback: false, away: null },
      {
        title: "are counted here while Redis is away, if so configured",
        hasFallback: true,
        away: [0],
      },
    ])("$title, and are shared again afterwards", async ({ hasFallback, away }) => {
      await using redis = await startRedis();
      // Who waited for the deadline would wait for longer than the test may take.
      using replica = await startReplica(redis, { hasFallback, commandDeadlineMs: 600_000 });
      expect(await replica.take()).toEqual([0]);
      await redis.stop();
      await waitFor("the change", () => replica.changes.includes(false));
      const answers = await Promise.all(["a", "b", "c"].map((key) => replica.take(key)));
      expect(answers).toEqual([away, away, away]);
      await redis.start();
      await waitFor("Redis again", () => replica.changes.at(-1) === true);
      expect(await replica.take()).toEqual([0]);
      expect(replica.changes).toEqual([true, false, true]);
    });

    test("are answered in time by a Redis that hangs, which is asked now and then", async () => {
      await using redis = await startRedis();
      using replica = await startReplica(redis);
      expect(await replica.take()).toEqual([0]);
      process.kill(redis.pid(), "SIGSTOP");
      try {
        const ask = () => Promise.all([1, 2, 3].map(() => replica.take()));
        // Of the first ones nobody knows whether it is the server or us; of the next ones one does.
        expect([await ask(), await ask()]).toEqual([
          [null, null, null],
          [null, null, null],
        ]);
        expect(replica.changes).toEqual([true, false]);
        const answers = Promise.all([1, 2, 3, 4].map(() => replica.take()));
        expect(await Promise.race([answers, setImmediate("waits")])).toEqual(Array(4).fill(null));
      } finally {
        process.kill(redis.pid(), "SIGCONT");
      }
      await waitFor("an answer", async () => (await replica.take("bob"))?.[0] === 0);
      expect(replica.changes.slice(0, 2)).toEqual([true, false]);
      expect(replica.changes.at(-1)).toBe(true);
    });

    test.each([
      { word: PASSWORD, title: "with its password", isUp: true },
      { word: `${PASSWORD}x`, title: "not with another", isUp: false },
    ])("are reached over TLS, $title", async ({ word, isUp }) => {
      const port = await freePort();
      await using _redis = await startRedis([
        ...["--tls-port", `${port}`, "--tls-auth-clients", "no", "--requirepass", PASSWORD],
        ...["--tls-cert-file", LOCALHOST.certFile, "--tls-key-file", LOCALHOST.keyFile],
        ...["--tls-ca-cert-file", AUTHORITY_FILE],
      ]);
      const changes: boolean[] = [];
      const connection = connectRedis({
        address: { kind: "tcp", host: "localhost", port, tls: true, database: 0 },
        ...{ username: null, password: word, commandDeadlineMs: 1_000 },
        ca: readFileSync(AUTHORITY_FILE, "utf8"),
        onChange: (up) => changes.push(up),
      });
      await waitFor("a change", () => changes.length > 0);
      const pong = await connection.client.ping().catch(() => "refused");
      connection.close();
      expect([changes[0], pong]).toEqual(isUp ? [true, "PONG"] : [false, "refused"]);
    });

    test("are not lost where we were busy ourselves while Redis answered", async () => {
      await using redis = await startRedis();
      using replica = await startReplica(redis);
      expect(await replica.take("warm")).toEqual([0]);
      const before = replica.changes.length;
      const asks = Array.from({ length: 16 }, (_, key) => replica.take(`${key}`));
      const busyUntil = performance.now() + DEADLINE_MS * 2;
      while (performance.now() < busyUntil);
      await Promise.all(asks);
      expect(await replica.take("bob")).toEqual([0]);
      expect(replica.changes).toHaveLength(before);
    });

    test("of a Redis that is stopped in the middle of a load hang nobody", async () => {
      await using redis = await startRedis();
      using replica = await startReplica(redis);
      let count = 0;
      let last: RateAnswer = null;
      let isOver = false;
      const load = Array.from({ length: 16 }, async (_, lane) => {
        for (let call = 0; !isOver; call++) {
          last = await replica.take(`${lane}-${call}`);
          count += 1;
          await setImmediate();
        }
      });
      await waitFor("some answers", () => count > 200);
      await redis.stop();
      await waitFor("refusals", () => last === null);
      await redis.start();
      await waitFor("answers again", () => last?.[0] === 0);
      isOver = true;
      await Promise.all(load);
      expect(replica.changes).toEqual([true, false, true]);
    });
  },
);

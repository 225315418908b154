import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { linkLine } from "../../../../src/audit/chain.ts";
import type { Delivery, Destination } from "../../../../src/audit/ship/destination.ts";
import {
  createShipper,
  type Shipper,
  type ShipperOptions,
} from "../../../../src/audit/ship/shipper.ts";

const TAKEN: Delivery = { kind: "taken", rejected: 0 };
const DOWN: Delivery = { kind: "later", code: "ECONNREFUSED", afterMs: null };
const ONE_LINE = line(1).length;

function line(seq: number): string {
  const hash = "0".repeat(64);
  return linkLine({ lane: "a", seq: seq - 1, hash }, '{"kind":"decision"}').line;
}

interface Scene {
  readonly shipper: Shipper;
  /** The numbers of each batch, as far as they were taken. */
  readonly batches: readonly (readonly number[])[];
  /** Virtual milliseconds of each attempt. */
  readonly attempts: readonly number[];
  /** What was told, a line each. */
  readonly told: readonly string[];
  offer(from: number, to: number): void;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function scene(
  answer: (numbers: readonly number[], signal: AbortSignal) => Delivery | Promise<Delivery>,
  options: Partial<ShipperOptions> = {},
): Scene {
  const start = Date.now();
  const batches: (readonly number[])[] = [];
  const attempts: number[] = [];
  const told: string[] = [];
  const destination: Destination = {
    async send(lines, signal) {
      const numbers = lines.map((each) => Number(/"seq":(\d+)/.exec(each)?.[1]));
      attempts.push(Date.now() - start);
      const delivery = await answer(numbers, signal);
      if (delivery.kind === "taken") batches.push(numbers);
      return delivery;
    },
    close: () => told.push("closed"),
  };
  const shipper = createShipper({
    destination,
    batchMaxEvents: 4,
    batchMaxBytes: 1_000_000,
    batchMaxMs: 100,
    bufferMaxEvents: 8,
    bufferMaxBytes: 1_000_000,
    onFull: "drop",
    retryMinMs: 10,
    retryMaxMs: 80,
    random: () => 1,
    ...options,
    events: {
      shipped: (lines) => told.push(`shipped ${lines}`),
      failed: (code) => told.push(`failed ${code}`),
      restored: () => told.push("restored"),
      dropped: (cause, lines) => told.push(`dropped ${lines} ${cause}`),
      filled: () => told.push("full"),
      gap: (cause, lines, first, last) =>
        told.push(`gap ${lines} ${cause} ${first.lane} ${first.seq}-${last.seq}`),
    },
  });
  return {
    shipper,
    batches,
    attempts,
    told,
    offer: (from, to) => {
      for (let seq = from; seq <= to; seq++) shipper.offer(line(seq));
    },
  };
}

const advance = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

test("a whole batch goes at once, the rest of the lines when the first has waited long enough", async () => {
  const { offer, batches, attempts } = scene(() => TAKEN);
  offer(1, 6);
  await advance(0);
  expect(batches).toEqual([[1, 2, 3, 4]]);
  await advance(99);
  expect(batches).toHaveLength(1);
  await advance(1);
  expect(batches).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ]);
  expect(attempts).toEqual([0, 100]);
});

test("a batch has so many bytes at most, and a longer line goes alone", async () => {
  const { offer, batches } = scene(() => TAKEN, { batchMaxBytes: 2 * ONE_LINE });
  offer(1, 4);
  await advance(200);
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
  const small = scene(() => TAKEN, { batchMaxBytes: 1 });
  small.offer(1, 2);
  await advance(200);
  expect(small.batches).toEqual([[1], [2]]);
});

test("while a receiver is down the same batch is tried again, each time after twice the wait", async () => {
  let isDown = true;
  const { shipper, offer, batches, attempts, told } = scene(() => (isDown ? DOWN : TAKEN));
  offer(1, 4);
  await advance(300);
  expect(attempts).toEqual([0, 10, 30, 70, 150, 230]);
  expect(shipper.isFailing).toBe(true);
  isDown = false;
  await advance(10);
  expect(batches).toEqual([[1, 2, 3, 4]]);
  expect(shipper.isFailing).toBe(false);
  expect(told.slice(-2)).toEqual(["restored", "shipped 4"]);
});

test("half of the wait is left to chance", async () => {
  const { offer, attempts } = scene(() => DOWN, { random: () => 0 });
  offer(1, 4);
  await advance(60);
  expect(attempts).toEqual([0, 5, 15, 35]);
});

test.each([
  { asked: 50, waits: 50 },
  { asked: 0, waits: 0 },
  { asked: 86_400_000, waits: 600_000 },
])("a receiver that asks for $asked ms is left alone for $waits ms", async ({ asked, waits }) => {
  const { offer, attempts } = scene(() =>
    attempts.length === 1 ? { kind: "later", code: "HTTP_429", afterMs: asked } : TAKEN,
  );
  offer(1, 4);
  await advance(waits);
  expect(attempts).toEqual([0, waits]);
});

test("a full buffer leaves the newest lines out, and says which once they are known", async () => {
  let isDown = true;
  const { shipper, offer, batches, told } = scene(() => (isDown ? DOWN : TAKEN));
  offer(1, 8);
  expect(shipper.isFull).toBe(true);
  offer(9, 12);
  expect(told).toEqual(["dropped 1 full", "full", ...Array(3).fill("dropped 1 full")]);
  isDown = false;
  await advance(20);
  offer(13, 14);
  await advance(100);
  expect(batches.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 13, 14]);
  expect(told).toContain("gap 4 full a 9-12");
});

test("a buffer is full by bytes too", () => {
  const { shipper, offer, told } = scene(() => DOWN, { bufferMaxBytes: 3 * ONE_LINE });
  offer(1, 2);
  expect(shipper.isFull).toBe(false);
  offer(3, 4);
  expect({ isFull: shipper.isFull, buffered: shipper.buffered }).toEqual({
    isFull: true,
    buffered: 3,
  });
  expect(told).toEqual(["dropped 1 full", "full"]);
});

test("where messages are denied instead, no line is left out", async () => {
  const { shipper, offer, told } = scene(() => DOWN, { onFull: "deny" });
  offer(1, 12);
  expect({ isFull: shipper.isFull, buffered: shipper.buffered }).toEqual({
    isFull: true,
    buffered: 12,
  });
  expect(told).toEqual([]);
});

test("the one line that a receiver will not have is found, dropped and named; the others arrive", async () => {
  const { offer, batches, told } = scene((numbers) =>
    numbers.includes(3) ? { kind: "refused", code: "HTTP_413" } : TAKEN,
  );
  offer(1, 8);
  await advance(1_000);
  expect(batches.flat()).toEqual([1, 2, 4, 5, 6, 7, 8]);
  expect(told.filter((each) => /^(dropped|gap)/.test(each))).toEqual([
    "dropped 1 refused",
    "gap 1 refused a 3-3",
  ]);
});

test("a receiver that refuses everything is not flooded", async () => {
  const { offer, attempts } = scene(() => ({ kind: "refused", code: "HTTP_400" }));
  offer(1, 8);
  await advance(300);
  // Two to get from four lines to one, then one for each wait of 10, 20, 40, 80, 80 … ms.
  expect(attempts).toEqual([0, 0, 0, 10, 30, 70, 150, 230]);
});

test("what a receiver rejects of a batch it has taken is counted and not sent again", async () => {
  const { offer, attempts, told } = scene(() => ({ kind: "taken", rejected: 1 }));
  offer(1, 4);
  await advance(100);
  expect(attempts).toHaveLength(1);
  expect(told).toEqual(["shipped 3", "dropped 1 refused", "gap 1 refused a 1-4"]);
});

test("closing sends what is there, and ends", async () => {
  const { shipper, offer, batches, told } = scene(() => TAKEN);
  offer(1, 6);
  await expect(shipper.close(1_000)).resolves.toBe(true);
  expect(batches.flat()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(told.at(-1)).toBe("closed");
  expect(vi.getTimerCount()).toBe(0);
});

test("closing does not wait out a pause, and gives up at its deadline", async () => {
  const { shipper, offer, attempts, told } = scene(() => DOWN, { retryMinMs: 80 });
  offer(1, 4);
  await advance(5);
  const closed = shipper.close(100);
  await advance(100);
  await expect(closed).resolves.toBe(false);
  expect(attempts.slice(0, 2)).toEqual([0, 5]);
  expect(told.slice(-3)).toEqual(["closed", "dropped 4 closed", "gap 4 closed a 1-4"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("closing ends an attempt that hangs", async () => {
  const { shipper, offer, told } = scene(
    (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(DOWN));
      }),
  );
  offer(1, 4);
  const closed = shipper.close(100);
  await advance(100);
  await expect(closed).resolves.toBe(false);
  expect(told).toContain("dropped 4 closed");
});

test("nothing is taken once it is closed", async () => {
  const { shipper, offer, batches } = scene(() => TAKEN);
  await shipper.close(10);
  offer(1, 4);
  await advance(500);
  expect({ batches, buffered: shipper.buffered }).toEqual({ batches: [], buffered: 0 });
});

import { describe, expect, test } from "vitest";

import { BodyBuffer, createByteBudget } from "../../../src/envoy/body-buffer.ts";
import { collectGarbage } from "../../support/memory.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe("a body buffer", () => {
  test.each([
    { title: "nothing", chunks: [], body: "" },
    { title: "one chunk", chunks: ["abc"], body: "abc" },
    { title: "several chunks, in order", chunks: ["ab", "", "c", "de"], body: "abcde" },
    { title: "exactly the limit", chunks: ["12345", "67890"], body: "1234567890" },
  ])("gives back $title", ({ chunks, body }) => {
    const buffer = new BodyBuffer(10, createByteBudget(1_000));
    expect(chunks.map((chunk) => buffer.append(bytes(chunk)))).toEqual(chunks.map(() => true));
    expect(Buffer.from(buffer.take()).toString()).toBe(body);
  });

  test.each([256, 257, 258, 1_000].map((count) => ({ count })))(
    "gives back $count chunks, in order, each with its bytes",
    ({ count }) => {
      const buffer = new BodyBuffer(10_000, createByteBudget(10_000));
      const chunks = Array.from({ length: count }, (_, index) => `${index},`);
      for (const chunk of chunks) buffer.append(bytes(chunk));
      expect(Buffer.from(buffer.take()).toString()).toBe(chunks.join(""));
      expect(buffer.take()).toHaveLength(0);
    },
  );

  test("is not many times as large as a body that comes byte by byte", () => {
    const size = 200_000;
    const buffer = new BodyBuffer(size, createByteBudget(size));
    const before = heapUsed();
    for (let index = 0; index < size; index += 1) buffer.append(new Uint8Array(1).fill(index));
    expect(heapUsed() - before).toBeLessThan(10 * size);
    expect(buffer.take()).toEqual(Buffer.from(Uint8Array.from({ length: size }, (_, at) => at)));
  });

  test("does not copy a body that came in one chunk", () => {
    const buffer = new BodyBuffer(10, createByteBudget(1_000));
    const chunk = bytes("abc");
    buffer.append(chunk);
    buffer.append(bytes(""));
    expect(buffer.take()).toBe(chunk);
  });

  test("refuses from the first byte over the limit on, and keeps nothing", () => {
    const buffer = new BodyBuffer(4, createByteBudget(1_000));
    expect(buffer.append(bytes("1234"))).toBe(true);
    expect(buffer.append(bytes("5"))).toBe(false);
    expect(buffer.append(bytes(""))).toBe(false);
    expect(buffer.take()).toHaveLength(0);
  });

  test("of size nothing takes nothing", () => {
    const buffer = new BodyBuffer(0, createByteBudget(1_000));
    expect(buffer.append(bytes(""))).toBe(true);
    expect(buffer.append(bytes("1"))).toBe(false);
  });

  test("is empty once its body was taken", () => {
    const buffer = new BodyBuffer(4, createByteBudget(1_000));
    buffer.append(bytes("1234"));
    buffer.take();
    expect(buffer.take()).toHaveLength(0);
  });

  test("shares its room with the others, and gives it back", () => {
    const budget = createByteBudget(6);
    const [one, other] = [new BodyBuffer(10, budget), new BodyBuffer(10, budget)];
    expect([one.append(bytes("1234")), other.append(bytes("567"))]).toEqual([true, false]);
    expect([one.isOverloaded, other.isOverloaded]).toEqual([false, true]);
    one.take();
    const third = new BodyBuffer(10, budget);
    expect(third.append(bytes("123456"))).toBe(true);
  });

  test("over its own limit is too long, whatever room there is", () => {
    const buffer = new BodyBuffer(2, createByteBudget(1));
    buffer.append(bytes("123"));
    expect(buffer.isOverloaded).toBe(false);
  });
});

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

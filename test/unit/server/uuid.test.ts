import { expect, test } from "vitest";
import { randomUuid } from "../../../src/server/uuid.ts";

const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** More than the system is asked for at once. */
const uuids = Array.from({ length: 2_000 }, randomUuid);

test("each is one of version 4", () => {
  expect(uuids.filter((uuid) => !VERSION_4.test(uuid))).toEqual([]);
});

test("no two are the same", () => {
  expect(new Set(uuids).size).toBe(uuids.length);
});

test("every digit that may be random is", () => {
  const digits = (at: number) => new Set(uuids.map((uuid) => uuid[at])).size;
  const fixed = new Map([
    [8, 1],
    [13, 1],
    [14, 1],
    [18, 1],
    [19, 4],
    [23, 1],
  ]);
  const expected = Array.from({ length: 36 }, (_, at) => fixed.get(at) ?? 16);
  expect(Array.from({ length: 36 }, (_, at) => digits(at))).toEqual(expected);
});

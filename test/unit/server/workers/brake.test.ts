import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";

import { createBrake } from "../../../../src/server/workers/brake.ts";
import { createLineJoiner } from "../../../../src/server/workers/lines.ts";

describe("a worker that ends", () => {
  test("is replaced at once, then later and later, and then given up", () => {
    const brake = createBrake({ monotonic: () => 0 });
    const ends = [1, 2, 3, 4, 5].map(() => brake.ended(100));
    expect(ends).toEqual([
      { waitMs: 0 },
      { waitMs: 100 },
      { waitMs: 400 },
      { waitMs: 1_600 },
      "give_up",
    ]);
  });

  test("is never given up where it lives well in between", () => {
    const brake = createBrake({ monotonic: () => 0 });
    for (let end = 0; end < 20; end += 1) expect(brake.ended(60_000)).toEqual({ waitMs: 0 });
  });

  test("is not given up for what was long ago", () => {
    let now = 0;
    const brake = createBrake({ monotonic: () => now });
    for (let end = 0; end < 20; end += 1) {
      expect(brake.ended(100)).not.toBe("give_up");
      now += 20_000;
    }
  });
});

test("lines of several workers stand whole in one stream, and one without an end is left out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "impedance-lines-"));
  const file = join(folder, "out");
  const descriptor = openSync(file, "w");
  const joiner = createLineJoiner(descriptor);
  const [one, other] = [new PassThrough(), new PassThrough()];
  const left = [joiner.follow(one), joiner.follow(other)];
  one.write("first ");
  other.write("of another\nwith");
  one.write("line\n");
  other.end("out an end");
  one.end();
  expect(await Promise.all(left)).toEqual([0, "without an end".length]);
  closeSync(descriptor);
  expect(readFileSync(file, "utf8").split("\n").sort()).toEqual(["", "first line", "of another"]);
  rmSync(folder, { recursive: true });
});

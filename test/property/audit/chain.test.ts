import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readLink } from "../../../src/audit/chain.ts";
import { readLines } from "../../../src/audit/read-lines.ts";
import { type Verification, Verifier } from "../../../src/audit/verify.ts";
import { decision, KEYS, openTestLog, temporaryFolder } from "../../support/decision-log.ts";

/** A log of twenty decisions, three of them behind each checkpoint, closed as it should be. */
let whole: Buffer;
let lines: readonly string[];

async function makeLog(checkpointEvents: number, count: number): Promise<Buffer> {
  using folder = temporaryFolder();
  const path = folder.at("log.jsonl");
  const sink = openTestLog([path], { checkpointEvents });
  for (let index = 0; index < count; index++) sink.record(decision(`d-${index}`));
  await sink.close();
  return readFileSync(path);
}

beforeAll(async () => {
  whole = await makeLog(3, 20);
  lines = whole.toString("utf8").trimEnd().split("\n");
});

async function verified(bytes: Uint8Array | string): Promise<Verification> {
  const verifier = new Verifier({ keys: KEYS.publicKeys, isLive: false, isPartial: false });
  const chunks = (async function* () {
    yield Buffer.from(bytes);
  })();
  for await (const raw of readLines(chunks, 1e6)) {
    verifier.line({ file: "log.jsonl", line: raw.number }, raw, readLink(raw.bytes));
  }
  return verifier.end();
}

function joined(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n`).join("");
}

test("a log that nobody has touched is whole", async () => {
  const found = await verified(whole);
  expect(found.problems).toEqual([]);
  expect(found).toMatchObject({
    ok: true,
    lines: lines.length,
    lanes: [{ first: 1, last: lines.length, decisions: 20, isClosed: true }],
  });
  expect(found.lanes[0]?.signedThrough).toBe(lines.length);
});

describe("every change of a log is found", () => {
  test("each single bit of a small log", { timeout: 120_000 }, async () => {
    const small = await makeLog(2, 1);
    const missed: string[] = [];
    for (let at = 0; at < small.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(small);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        if ((await verified(changed)).ok) missed.push(`bit ${bit} of byte ${at}`);
      }
    }
    expect(missed).toEqual([]);
  });

  test("any bit of a longer one, and it names a line within one of the place", async () => {
    const position = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      bit: fc.nat({ max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(position, async ({ at, bit }) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const { ok, problems } = await verified(changed);
        const line = whole.subarray(0, at).toString("latin1").split("\n").length;
        expect(ok).toBe(false);
        expect(problems.some((problem) => Math.abs((problem.line ?? 0) - line) <= 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("each line that is taken out", async () => {
    const expected = new Map([
      [0, "beginning_missing"],
      [lines.length - 1, "not_closed"],
    ]);
    for (const [index] of lines.entries()) {
      const { ok, problems } = await verified(joined(lines.toSpliced(index, 1)));
      expect({ index, ok, code: problems.at(-1)?.code }).toEqual({
        index,
        ok: false,
        code: expected.get(index) ?? "missing",
      });
    }
  });

  test("each line that stands twice, anywhere", async () => {
    const place = fc.nat({ max: lines.length - 1 });
    await fc.assert(
      fc.asyncProperty(place, place, async (from, to) => {
        const { ok, problems } = await verified(joined(lines.toSpliced(to, 0, lines[from] ?? "")));
        expect(ok).toBe(false);
        expect(problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  test("any two lines that have changed places", async () => {
    const pair = fc
      .tuple(fc.nat({ max: lines.length - 1 }), fc.nat({ max: lines.length - 1 }))
      .filter(([a, b]) => a !== b);
    await fc.assert(
      fc.asyncProperty(pair, async ([a, b]) => {
        const swapped = lines.with(a, lines[b] ?? "").with(b, lines[a] ?? "");
        expect((await verified(joined(swapped))).ok).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("each place at which it is cut off, within a line or between two", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), async (length) => {
        expect((await verified(whole.subarray(0, length))).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
    for (const [index] of lines.entries()) {
      expect((await verified(joined(lines.slice(0, index)))).ok).toBe(false);
    }
  });
});

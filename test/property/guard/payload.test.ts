import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readableRuns } from "../../../src/guard/readable-runs.ts";
import { joinedLines } from "../../../src/guard/secrets/decode/lines.ts";

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const printable = fc.stringMatching(/^[!-~]{16,60}$/);

test("of bytes, every run that can be read is read, wherever it stands", () => {
  fc.assert(
    fc.property(bytes, printable, bytes, (before, text, after) => {
      const { readable, covered } = readableRuns(Buffer.concat([before, Buffer.from(text), after]));
      expect(readable.replaceAll("\0", "")).toContain(text);
      expect(covered).toBeGreaterThanOrEqual(text.length);
      expect(covered).toBeLessThanOrEqual(before.length + text.length + after.length);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test("UTF-16 is read as the text it is", () => {
  fc.assert(
    fc.property(printable, (text) => {
      const padding = Buffer.alloc(20, 0xff);
      const wide = Buffer.concat([padding, Buffer.from(text, "utf16le"), padding]);
      expect(readableRuns(wide).readable).toContain(text);
    }),
    { seed: 1 },
  );
});

/** Runs as a slow and simple reader finds them. */
test("nothing is read that is no run", () => {
  fc.assert(
    fc.property(bytes, (array) => {
      const runs = array.toString("latin1").match(/(?:[\t\n\r -~]\0?)*[\t\n\r -~]/g) ?? [];
      const expected = runs.filter((run) => run.length >= 16).length;
      expect(readableRuns(array).covered === 0).toBe(expected === 0);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

const pieces = fc.constantFrom(
  "a",
  "token",
  "k9",
  "\n",
  "\r\n",
  "\\\n",
  " ",
  "AKIA",
  "0123456789abcdef",
  ".",
);
const texts = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(""));

test("lines are joined by breaks alone, and what is found in them is found in the text", () => {
  fc.assert(
    fc.property(texts, fc.nat(), fc.nat(), (text, first, second) => {
      for (const view of joinedLines(text)) {
        const start = first % view.text.length;
        const end = start + 1 + (second % (view.text.length - start));
        const [from, to] = view.locate(start, end);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(text.length);
        const source = text.slice(from, to).replace(/\\?\r?\n/g, "");
        expect(source).toBe(view.text.slice(start, end).replace(/\\?\r?\n/g, ""));
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGlob } from "../../../src/core/glob.ts";

test.each([
  { glob: "read_file", fits: ["read_file"], not: ["read_files", "Read_file", "aread_file", ""] },
  { glob: "*", fits: ["", "a", "a/b\n"], not: [] },
  { glob: "read_*", fits: ["read_", "read_file"], not: ["read", "xread_file"] },
  { glob: "*_file", fits: ["_file", "read_file"], not: ["read_files"] },
  { glob: "a*a", fits: ["aa", "aba"], not: ["a", "ab"] },
  { glob: "a*b*c", fits: ["abc", "axbxbxc"], not: ["acb", "ab"] },
  { glob: "ab*ba", fits: ["abba"], not: ["aba"] },
  { glob: "?", fits: ["a"], not: ["", "ab"] },
  { glob: "*a?c*", fits: ["xabcx", "aaac"], not: ["ac", "abxc"] },
  { glob: "a.b[c]{d}\\", fits: ["a.b[c]{d}\\"], not: ["axb[c]{d}\\", "a.bc{d}\\"] },
  { glob: "file:///p/*", fits: ["file:///p/a"], not: ["file:///q/p/a"] },
])("the glob $glob fits $fits and not $not", ({ glob, fits, not }) => {
  const { fits: compiled } = compileGlob(glob);
  expect(fits.filter((text) => !compiled(text))).toEqual([]);
  expect(not.filter(compiled)).toEqual([]);
});

test("a glob means what its regular expression would", () => {
  const pieces = fc.array(fc.constantFrom("a", "b", "*", "?"), { maxLength: 8 });
  const texts = fc.array(fc.constantFrom("a", "b"), { maxLength: 10 });
  fc.assert(
    fc.property(pieces, texts, (glob, characters) => {
      const source = glob.join("");
      const text = characters.join("");
      const expected = new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
      expect(compileGlob(source).fits(text)).toBe(expected.test(text));
    }),
    { numRuns: 2000 },
  );
});

test("a glob of many stars takes its time from the text's length alone", () => {
  const glob = compileGlob(`${"*a".repeat(100)}*b`);
  expect(glob.fits("a".repeat(100_000))).toBe(false);
});

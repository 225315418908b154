import fc from "fast-check";
import { expect, test } from "vitest";
import { decoded } from "../../../src/guard/attacks/decode/decoded.ts";
import { readings } from "../../../src/guard/attacks/decode/readings.ts";
import { JUDGES, judgeText, judgeUnfiltered } from "../../../src/guard/attacks/judge.ts";
import { isPlain } from "../../../src/guard/attacks/plain.ts";
import { findMarkers } from "../../../src/guard/attacks/prompt/markers.ts";
import { purposeOf } from "../../../src/guard/attacks/purpose.ts";
import { ALL_SIGNS, signsOf } from "../../../src/guard/attacks/signs.ts";
import { expectLinear } from "../../support/linear.ts";

/** What is longer is no value that is decoded whole. */
const VALUE_LENGTH = 2_048;

/** What the judges look for, and what decodes to it. */
const PIECES = [
  ..."'\"`;|&$(){}[]<>%\\/.:#-@=!*^~+?,\0\n\r\t \u200b＇ⓛ",
  ...[
    "../",
    "%2e",
    "%25",
    "%c0%af",
    "&#39;",
    "\\u0027",
    "\\x27",
    "/*",
    "*/",
    "--",
    "||",
    "&&",
    "$(",
  ],
  ...[
    "${",
    "{{",
    "}}",
    "<%",
    "://",
    "http://",
    "127.0.0.1",
    "0x7f",
    "[::",
    "or ",
    "union ",
    "select ",
  ],
  ...[
    "1=1",
    "drop table ",
    "sleep(",
    "cat ",
    "/etc/passwd",
    "bash -c ",
    "if ",
    "for ",
    "curl ",
    "<!ENTITY ",
  ],
  ...["ignore previous ", "instructions ", "system prompt ", "a", "1", "name", "L2V0Yy9wYXNzd2Q="],
] as const;
const text = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 200 }),
);
const name = fc.constantFrom(null, "sql", "path", "url", "command", "code", "id", "text");

test("any text is judged alike each time, and without an exception", () => {
  fc.assert(
    fc.property(text, name, (value, argument) => {
      expect(judgeText(value, argument)).toEqual(judgeText(value, argument));
      for (const { start, end } of findMarkers(value)) {
        expect(0 <= start && start < end && end <= value.length).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** What the first look lets pass, and what stands near its limits. */
const WORDS = [
  ..."a 1 42 ' . - : @ ? ! # ( ) , / _ \t",
  ..."or and not union select from like in by order sleep benchmark values exists null true".split(
    " ",
  ),
  ..."cat sh bash curl nc rm find whoami sudo echo time exec env".split(" "),
  ..."etc passwd proc self root var log tmp home .ssh id_rsa win ini boot bin usr 0x2e 2e 2f".split(
    " ",
  ),
  ..."http: https: file: localhost internal metadata 127 0 1 169 254 nip io example com 0x7f".split(
    " ",
  ),
  ..."the it's name user users O'Brien status L2V0 YyBw aGVs 2f65 7463".split(" "),
];
const nearlyPlain = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 9 })
  .chain((words) => fc.constantFrom("", " ", "/", ".").map((between) => words.join(between)));

test("what the first look lets pass is what no judge has anything to say of", () => {
  fc.assert(
    fc.property(nearlyPlain, name, (value, argument) => {
      const purpose = purposeOf(argument);
      if (isPlain(value, purpose)) expect(judgeUnfiltered(value, purpose)).toEqual([]);
    }),
    { numRuns: 20_000 },
  );
});

/** Words that a judge looks for where no sign stands, among words of prose. */
const LOOKED_FOR = [
  ..."and or not true exists having into program as from order by sys xp_cmdshell regexp 5".split(
    " ",
  ),
  ..."iex mshta wmic process reg add net user if exist sh bash -c require constructor this.x ==".split(
    " ",
  ),
  ..."the harbour's list isn't ready a.exec .. ..2fetc -o @/etc/passwd .system data: 'x".split(" "),
];
const prose = fc
  .array(fc.constantFrom(...LOOKED_FOR, ...WORDS), { minLength: 1, maxLength: 12 })
  .chain((words) => fc.constantFrom(" ", " ", "", "\n").map((between) => words.join(between)));

test("no judge says less where it looks only for what the signs of a text leave open", () => {
  fc.assert(
    fc.property(fc.oneof(text, prose, nearlyPlain), name, (value, argument) => {
      for (const reading of readings(value, purposeOf(argument))) {
        const unknown = { ...reading, signs: ALL_SIGNS };
        const known = { ...reading, signs: signsOf(reading.text) };
        for (const [kind, judge] of JUDGES)
          expect([kind, judge(known)]).toEqual([kind, judge(unknown)]);
        expect(decoded(reading.text, known.signs)).toEqual(decoded(reading.text, ALL_SIGNS));
      }
    }),
    { numRuns: 5_000 },
  );
});

test.each(PIECES)("a mebibyte of %j is judged in time in proportion", (piece) => {
  const long = piece.repeat(Math.ceil(2 ** 20 / piece.length));
  expectLinear((length) => {
    judgeText(long.slice(0, length), null);
    findMarkers(long.slice(0, length));
  }, 2 ** 20);
});

test.each(PIECES)("values of %j are judged in time in proportion", (piece) => {
  const value = piece.repeat(Math.ceil(VALUE_LENGTH / piece.length));
  expectLinear((length) => {
    for (let time = 0; time < 10; time += 1) judgeText(value.slice(0, length), null);
  }, VALUE_LENGTH);
});

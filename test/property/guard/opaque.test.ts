import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openValue, sealValue } from "../../../src/guard/opaque/envelope.ts";
import { formsOf } from "../../../src/guard/opaque/forms.ts";
import { expectLinear } from "../../support/linear.ts";

const SCOPE = { id: "one", key: new Uint8Array(32).fill(1) };
const OTHER = { id: "two", key: new Uint8Array(32).fill(2) };

const values = fc
  .oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.base64String())
  .filter((text) => text.isWellFormed() && text !== "");

test("what is sealed is opened to the same text, by its origin and scope alone", () => {
  fc.assert(
    fc.property(values, fc.constantFrom("client", "server"), (value, origin) => {
      const sealed = sealValue(value, origin, SCOPE);
      expect(sealed).toMatch(/^[\w]+$/);
      expect(sealValue(value, origin, SCOPE)).toBe(sealed);
      expect(openValue(sealed, origin, SCOPE)).toBe(value);
      expect(openValue(sealed, origin === "client" ? "server" : "client", SCOPE)).toBeNull();
      expect(openValue(sealed, origin, OTHER)).toBeNull();
    }),
    { seed: 1 },
  );
});

test("an envelope with any change is opened to nothing", () => {
  fc.assert(
    fc.property(values, fc.nat(), fc.string({ maxLength: 3 }), (value, at, change) => {
      const sealed = sealValue(value, "server", SCOPE);
      const index = at % sealed.length;
      const changed = sealed.slice(0, index) + change + sealed.slice(index + 1);
      fc.pre(changed.toLowerCase() !== sealed);
      const opened = openValue(changed, "server", SCOPE);
      // Base 32 reads `o` as 0, and `i` and `l` as 1.
      if (opened !== null)
        expect(changed.replace(/[oO]/g, "0").replace(/[iIlL]/g, "1")).toBe(sealed);
    }),
    { seed: 1 },
  );
});

const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => Buffer.from(`a ${text} b`).toString("base64"),
  (text) => Buffer.from(`>?${text}`).toString("base64url"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => encodeURIComponent(JSON.stringify({ state: text })),
  (text) => JSON.stringify({ state: text }),
  (text) => `v1.${Buffer.from(text).toString("base64url")}.c2lnbmVk`,
];

test("a text is among the forms of what was made of it, two encodings deep", () => {
  const encodings = fc.array(fc.constantFrom(...ENCODINGS), { maxLength: 2 });
  const needle = fc.stringMatching(/^\/srv\/[a-z]{4,12}\/[a-z]{1,9}\.ts$/);
  fc.assert(
    fc.property(needle, encodings, (text, layers) => {
      const value = layers.reduce((inner, encode) => encode(inner), text);
      expect(formsOf(value).forms.some((form) => form.includes(text))).toBe(true);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("whatever a value is, its forms are few and bounded, and nothing is thrown", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        values,
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
      ),
      (value) => {
        const { forms } = formsOf(value);
        expect(forms[0]).toBe(value);
        expect(forms.length).toBeLessThanOrEqual(64);
        expect(new Set(forms).size).toBe(forms.length);
      },
    ),
    { seed: 1 },
  );
});

test.each([
  "A",
  "%41",
  "\\u0041",
  "QUFB",
  "H4sI",
  "eJw",
  "&#65;",
  "aaaaaaaaaaaaaaaa.",
  "\n",
  "a1\n",
])("a value of %j alone takes time in proportion", (piece) => {
  expectLinear((length) => void formsOf(piece.repeat(length / piece.length)), 262_144);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { PII_KINDS } from "../../../src/core/pii.ts";
import { EMAIL_EXAMPLES } from "../../../src/guard/pii/email/email.ts";
import { IBAN_EXAMPLES } from "../../../src/guard/pii/iban.ts";
import { IP_EXAMPLES } from "../../../src/guard/pii/ip-address.ts";
import { NUMBER_FORMATS } from "../../../src/guard/pii/numbers.ts";
import { PHONE_EXAMPLES } from "../../../src/guard/pii/phone/phone.ts";
import { createPiiGuard } from "../../../src/guard/pii/pii.ts";
import { cleanedBy, hitsOf, leafOf } from "../../unit/guard/leaves.ts";

const guard = createPiiGuard(
  {
    enabled: true,
    request: true,
    response: true,
    kinds: PII_KINDS,
    denyKeys: ["password", "x"],
    servers: new Map(),
  },
  null,
);

const EXAMPLES = [
  ...NUMBER_FORMATS.map(({ examples }) => examples),
  ...[EMAIL_EXAMPLES, IBAN_EXAMPLES, IP_EXAMPLES, PHONE_EXAMPLES],
].flatMap(({ match, noMatch }) => [...match, ...noMatch]);
const JOINTS = [
  "",
  " ",
  "-",
  ".",
  "/",
  "(",
  ")",
  "+",
  "@",
  "%40",
  ":",
  "=",
  ", ",
  "\n",
  "\\n",
  '"',
];

/** Texts out of the pieces that the detectors care about, in any order. */
const pieces = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...EXAMPLES) },
  { weight: 4, arbitrary: fc.constantFrom(...JOINTS) },
  { weight: 2, arbitrary: fc.stringMatching(/^[0-9]{1,12}$/) },
  { weight: 1, arbitrary: fc.constantFrom("password=", "x: ", "phone ", "[REDACTED_EMAIL]", "[") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);
const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));
const names = fc.constantFrom(null, "phone", "card", "id", "ssn", "text");
const natures = fc.constantFrom("text", "key", "number", "opaque", "media");

test("hits are in order, inside the text, not empty, and do not overlap", () => {
  fc.assert(
    fc.property(texts, names, natures, (text, name, nature) => {
      let from = 0;
      for (const { start, end } of hitsOf(guard, leafOf(text, { name, nature }))) {
        expect(start).toBeGreaterThanOrEqual(from);
        expect(end).toBeGreaterThan(start);
        from = end;
      }
      expect(from).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 3000 },
  );
});

test("what was masked is not found again", () => {
  fc.assert(
    fc.property(texts, names, (text, name) => {
      const cleaned = cleanedBy(guard, leafOf(text, { name }));
      for (const { start, end } of hitsOf(guard, leafOf(cleaned, { name }))) {
        expect(cleaned.slice(start, end)).not.toContain("[REDACTED");
      }
    }),
    { numRuns: 2000 },
  );
});

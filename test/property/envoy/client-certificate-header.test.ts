import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeClientCertificates } from "../../../src/envoy/client-certificate-header.ts";

const KEYS = ["By", "Hash", "Cert", "Chain", "Subject", "URI", "DNS"] as const;
const pair = fc.tuple(
  fc.constantFrom(...KEYS),
  fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
);
const elements = fc.array(fc.array(pair, { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 5,
});

function encode(element: readonly (readonly [string, string])[]): string {
  return element.map(([key, value]) => `${key}="${value.replace(/["\\]/g, "\\$&")}"`).join(";");
}

test("whatever stands in quotes is read as it was written, and is never more than a value", () => {
  fc.assert(
    fc.property(elements, fc.constantFrom(",", ", "), (written, comma) => {
      const read = decodeClientCertificates(written.map(encode).join(comma));
      const pairs = read?.map((element) => [...element.values()].flat().length);
      expect(pairs).toEqual(written.map(({ length }) => length));
      for (const [index, element] of written.entries()) {
        for (const [key, value] of element) {
          expect(read?.[index]?.get(key.toLowerCase())).toContain(value);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("no text makes it throw", () => {
  const piece = fc.oneof(
    fc.constantFrom('"', "\\", ";", ",", "=", " ", "URI=", 'Subject="', "Hash=00"),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const read = decodeClientCertificates(pieces.join(""));
      expect(read === null || read.length > 0).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("what a client writes before a proxy's own element changes nothing of that one", () => {
  const own = `Hash=${"ab".repeat(32)};URI=spiffe://mesh/a`;
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 60 }), (written) => {
      const last = decodeClientCertificates(`${written},${own}`)?.at(-1);
      expect(last?.get("uri") ?? ["spiffe://mesh/a"]).toEqual(["spiffe://mesh/a"]);
    }),
    { numRuns: 2_000 },
  );
});

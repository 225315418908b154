import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeHeaders, HeaderDecoder } from "../../../src/http2/hpack.ts";
import { decodeHuffman } from "../../../src/http2/huffman.ts";
import { HpackEncoder, huffman, type Step } from "../../support/hpack-encoder.ts";

const LIST_MAX_BYTES = 64 * 1024;
const octets = fc
  .uint8Array({ maxLength: 400 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const name = fc.constantFrom("a", "b", "x-long-name-of-a-field", "traceparent");
const value = fc.oneof(octets, fc.constantFrom("", "1", "2", "x".repeat(2_000)));

const field: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("field"),
  field: fc.tuple(name, value),
  isCoded: fc.boolean(),
  as: fc.constantFrom("added", "plain", "never", "indexed"),
});
const size: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("size"),
  bytes: fc.nat({ max: 4096 }),
});
const block = fc
  .tuple(fc.array(size, { maxLength: 2 }), fc.array(field, { maxLength: 12 }))
  .map(([sizes, fields]) => [...sizes, ...fields]);

test("blocks of one connection are read as they were written, whatever form each field has", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const encoder = new HpackEncoder();
      const decoder = new HeaderDecoder(LIST_MAX_BYTES);
      for (const steps of blocks) {
        const fields = steps.flatMap((step) => (step.kind === "field" ? [step.field] : []));
        expect(decoder.decode(encoder.encode(steps))).toEqual(fields);
      }
    }),
  );
});

test("what our encoder writes is read, and changes no table", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), (fields) => {
      const decoder = new HeaderDecoder(LIST_MAX_BYTES);
      expect(decoder.decode(encodeHeaders(fields))).toEqual(fields);
      expect(decoder.decode(Buffer.of(0xbe))).toBe(null);
    }),
  );
});

test("no bytes make it throw, and none a list longer than announced", () => {
  const blocks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
  fc.assert(
    fc.property(blocks, (all) => {
      const decoder = new HeaderDecoder(1_000);
      for (const bytes of all) {
        const fields = decoder.decode(Buffer.from(bytes));
        if (fields === null) return;
        const said = fields.reduce((sum, each) => sum + each[0].length + each[1].length + 32, 0);
        expect(said).toBeLessThanOrEqual(1_000);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("Huffman's code gives back what was written, and of any bytes what would be written as they are", () => {
  fc.assert(
    fc.property(octets, (text) => {
      const bytes = huffman(text);
      expect(decodeHuffman(bytes, 0, bytes.length)).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = decodeHuffman(bytes, 0, bytes.length);
      if (text !== null) expect(huffman(text)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 1_000 },
  );
});

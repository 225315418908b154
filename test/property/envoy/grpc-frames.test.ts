import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "../../../src/envoy/grpc-frames.ts";
import { GRPC } from "../../../src/envoy/grpc-status.ts";
import { cutAt } from "../../support/cut-at.ts";
import { framed, unframed } from "../../support/framed.ts";

const MAX_BYTES = 300;
const messages = fc.array(fc.uint8Array({ maxLength: MAX_BYTES }), { maxLength: 8 });
const cuts = fc.array(fc.nat({ max: 2_000 }), { maxLength: 20 });

test("messages come out as they went in, wherever the stream is cut", () => {
  fc.assert(
    fc.property(messages, cuts, (written, places) => {
      const reader = new FrameReader(MAX_BYTES);
      const read: Buffer[] = [];
      for (const piece of cutAt(framed(written), places)) {
        const whole = unframed(reader, piece);
        if (typeof whole === "number") throw new Error("refused");
        read.push(...whole);
      }
      expect(read.map((message) => [...message])).toEqual(written.map((message) => [...message]));
    }),
  );
});

test("of a stream of anything, what is not refused is no longer than allowed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), cuts, (bytes, places) => {
      const reader = new FrameReader(MAX_BYTES);
      for (const piece of cutAt(bytes, places)) {
        const whole = unframed(reader, piece);
        if (typeof whole === "number") {
          expect([GRPC.UNIMPLEMENTED, GRPC.RESOURCE_EXHAUSTED]).toContain(whole);
          return;
        }
        for (const { length } of whole) expect(length).toBeLessThanOrEqual(MAX_BYTES);
      }
    }),
  );
});

test.each([
  { title: "compressed", head: [1, 0, 0, 0, 1, 0], refused: GRPC.UNIMPLEMENTED },
  { title: "longer than allowed", head: [0, 0, 0, 1, 45], refused: GRPC.RESOURCE_EXHAUSTED },
  { title: "of four gigabytes", head: [0, 255, 255, 255, 255], refused: GRPC.RESOURCE_EXHAUSTED },
])("a message that is $title is refused at its head", ({ head, refused }) => {
  expect(unframed(new FrameReader(MAX_BYTES), Buffer.from(head))).toBe(refused);
});

test("what is kept of a message holds nothing of the read that it came with", () => {
  const read = Buffer.from([0, 0, 0, 0, 2, 7, 8]);
  const reader = new FrameReader(MAX_BYTES);
  expect(unframed(reader, read.subarray(0, 6))).toEqual([]);
  read.fill(9);
  expect(unframed(reader, Buffer.from([8]))).toEqual([Buffer.from([7, 8])]);
});

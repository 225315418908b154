import { expect, test } from "vitest";

import type { PaddingScheme } from "../../../../src/core/padding.ts";
import { bucketOf, paddedLength } from "../../../../src/decision/padding/bucket.ts";

const CONSTANT: PaddingScheme = { kind: "constant", blockBytes: 4096 };
const STEP: PaddingScheme = { kind: "step", sizes: [100, 1000] };

test.each([
  { scheme: { kind: "off" } as const, length: 17, bucket: 17 },
  { scheme: CONSTANT, length: 0, bucket: 0 },
  { scheme: CONSTANT, length: 1, bucket: 4096 },
  { scheme: CONSTANT, length: 4096, bucket: 4096 },
  { scheme: CONSTANT, length: 4097, bucket: 8192 },
  { scheme: STEP, length: 0, bucket: 0 },
  { scheme: STEP, length: 1, bucket: 100 },
  { scheme: STEP, length: 100, bucket: 100 },
  { scheme: STEP, length: 101, bucket: 1000 },
  { scheme: STEP, length: 1001, bucket: 2000 },
  { scheme: STEP, length: 2001, bucket: 3000 },
])("$length bytes go out as $bucket with $scheme.kind", ({ scheme, length, bucket }) => {
  expect(bucketOf(length, scheme)).toBe(bucket);
});

// Reckoned by hand from section 4 of the PURBs paper.
test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [7, 7],
  [8, 8],
  [9, 10],
  [33, 36],
  [129, 144],
  [1000, 1024],
  [1024, 1024],
  [1025, 1088],
  [1_000_000, 1_015_808],
])("padmé makes %i bytes %i", (length, bucket) => {
  expect(bucketOf(length, { kind: "padme" })).toBe(bucket);
});

test.each([
  { title: "up to the limit, in a smaller bucket", length: 4100, maxBytes: 5000, padded: 5000 },
  { title: "no further than a body that is over it", length: 6000, maxBytes: 5000, padded: 6000 },
  { title: "to its bucket below the limit", length: 4100, maxBytes: 9000, padded: 8192 },
])("a length is padded $title", ({ length, maxBytes, padded }) => {
  expect(paddedLength(length, CONSTANT, maxBytes)).toBe(padded);
});

import { expect, test } from "vitest";
import { buildFactsOf } from "../../../src/policy/reads.ts";

test.each([
  { title: "nothing", manifest: {}, facts: null },
  { title: "of others only", manifest: { metadata: { x: 1 } }, facts: null },
  {
    title: "what is read",
    manifest: { metadata: { impedance: { wasm: "sha256:0", reads: [["a", "b"]] } } },
    facts: { wasm: "sha256:0", reads: [["a", "b"]], compared: [], numbers: [] },
  },
  {
    title: "what is compared, and with what",
    manifest: {
      metadata: {
        impedance: { wasm: "sha256:0", reads: [["a"]], compared: [["a"]], numbers: [1, 2.5] },
      },
    },
    facts: { wasm: "sha256:0", reads: [["a"]], compared: [["a"]], numbers: [1, 2.5] },
  },
  {
    title: "numbers that are none",
    manifest: { metadata: { impedance: { wasm: "sha256:0", reads: [], numbers: ["1"] } } },
    facts: undefined,
  },
  {
    title: "that everything is",
    manifest: { metadata: { impedance: { wasm: "sha256:0", reads: null } } },
    facts: { wasm: "sha256:0", reads: null, compared: [], numbers: [] },
  },
  { title: "a word", manifest: { metadata: { impedance: "x" } }, facts: undefined },
  { title: "no digest", manifest: { metadata: { impedance: { reads: [] } } }, facts: undefined },
  {
    title: "steps that are no names",
    manifest: { metadata: { impedance: { wasm: "sha256:0", reads: [[1]] } } },
    facts: undefined,
  },
])("a manifest that says $title", ({ manifest, facts }) => {
  expect(buildFactsOf(manifest)).toEqual(facts);
});

import { expect, test } from "vitest";
import { buildFactsOf, createSelection } from "../../../src/policy/reads.ts";

const INPUT = {
  phase: "request",
  message: { kind: "request", tool: "t" },
  result: null,
  paths: [1],
};

test.each([
  {
    title: "members that are read",
    reads: [["message", "tool"]],
    given: { message: { tool: "t" } },
  },
  { title: "a member that is read whole", reads: [["paths"]], given: { paths: [1] } },
  {
    title: "a member that is read whole and in part",
    reads: [["message", "tool"], ["message"]],
    given: { message: { kind: "request", tool: "t" } },
  },
  {
    title: "what is no object where one is looked into",
    reads: [
      ["result", "type"],
      ["phase", "x"],
    ],
    given: { result: null, phase: "request" },
  },
  { title: "nothing that is not there", reads: [["message", "x"], ["y"]], given: { message: {} } },
  { title: "nothing to who reads nothing", reads: [], given: {} },
  { title: "everything in doubt", reads: null, given: INPUT },
  { title: "everything to who reads the whole", reads: [[], ["phase"]], given: INPUT },
  { title: "everything beside __proto__", reads: [["phase"], ["__proto__"]], given: INPUT },
  {
    title: "everything beside __proto__, one level down",
    reads: [["message", "__proto__"]],
    given: { message: { kind: "request", tool: "t" } },
  },
])("a policy is given $title", ({ reads, given }) => {
  const selected = createSelection({ reads, compared: [] }, () => 0)(INPUT);
  expect(JSON.parse(JSON.stringify(selected))).toEqual(given);
});

test("a policy is given another number in place of one that it only compares", () => {
  const facts = { reads: [["a", "n"], ["b"], ["c"]], compared: [["a", "n"], ["b"]] };
  const selected = createSelection(facts, () => 7)({ a: { n: 1 }, b: null, c: 3 });
  expect(selected).toEqual({ a: { n: 7 }, b: null, c: 3 });
});

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

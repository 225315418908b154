import { expect, test } from "vitest";

import {
  ANNOTATION_KEY,
  annotation,
  RESERVED_META_PREFIX,
} from "../../../src/decision/annotation.ts";
import { clientHeaders, forgedHeaders, serverHeaders } from "../../../src/decision/zta-headers.ts";

const TO_SERVER = [
  ["x-zta-security-layer", "L1,L2"],
  ["x-zta-decision-id", "d-1"],
  ["x-zta-policy", "sha256:0"],
];

test("the server learns the decision and the policy", () => {
  expect(serverHeaders("d-1", "sha256:0")).toEqual(TO_SERVER);
});

test("the client also learns the outcome, and the time in whole microseconds", () => {
  expect(clientHeaders("d-1", "sha256:0", "redact", 1.23456)).toEqual([
    ...TO_SERVER,
    ["x-zta-decision", "redact"],
    ["x-zta-processing-time", "1235"],
  ]);
});

test.each([
  { title: "no header", headers: [], forged: [] },
  {
    title: "each of ours, known or not",
    headers: ["x-zta-policy", "x-zta-new"],
    forged: ["x-zta-policy", "x-zta-new"],
  },
  {
    title: "none that only looks like it",
    headers: ["x-zt-a", "zta-policy", "x-ztaa"],
    forged: [],
  },
])("what was forged is $title", ({ headers, forged }) => {
  expect(forgedHeaders(new Map(headers.map((name) => [name, "1"])))).toEqual(forged);
});

test("a note names each kind of edit once, and the time in whole microseconds", () => {
  const receipt = {
    pointer: "/a",
    rule: "secrets/aws-access-key-id",
    action: "redacted",
    length: 20,
  };
  const policy = { pointer: "/b", rule: "policy", action: "redacted", length: 1 };
  expect(JSON.parse(annotation("d-1", [receipt, receipt, policy], 0.0126))).toEqual({
    security_validated: true,
    decision_id: "d-1",
    transformations: ["redacted:aws-access-key-id", "redacted:policy"],
    timing_us: 13,
  });
});

test("the note's key is one that is stripped when others write it", () => {
  expect(ANNOTATION_KEY.startsWith(RESERVED_META_PREFIX)).toBe(true);
});

import { describe, expect, test } from "vitest";

import { type Check, differences } from "./suite.ts";

const PING: Check = { scenario: "ping", id: "ping", name: "Ping", status: "SUCCESS", message: "" };
const LIST: Check = { ...PING, scenario: "tools-list", id: "tools-list", name: "ToolsList" };
const FAILED: Check = { ...PING, status: "FAILURE", message: "no answer" };

test("runs that agree have no differences, whatever they say of a check", () => {
  expect(differences([PING, LIST], [LIST, { ...PING, message: "fine" }])).toEqual([]);
});

describe("differences tells", () => {
  test.each([
    {
      title: "a check that fails on one side, with both verdicts and the reason",
      direct: [PING],
      through: [FAILED],
      want: ["ping / ping / Ping: FAILURE through no answer", "ping / ping / Ping: SUCCESS direct"],
    },
    {
      title: "a check that is missing",
      direct: [PING, LIST],
      through: [LIST],
      want: ["ping / ping / Ping: SUCCESS direct"],
    },
    {
      title: "a check that is made once more",
      direct: [PING],
      through: [PING, PING],
      want: ["ping / ping / Ping: SUCCESS through"],
    },
    {
      title: "a run without any",
      direct: [PING],
      through: [],
      want: ["ping / ping / Ping: SUCCESS direct"],
    },
  ])("$title", ({ direct, through, want }) => {
    expect(differences(direct, through)).toEqual(want);
  });
});

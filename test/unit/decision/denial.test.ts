import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { REVISIONS } from "../../../src/core/message.ts";
import type { Reason } from "../../../src/core/policy.ts";
import {
  answers,
  type DenialStyle,
  type Disclosure,
  errorMessage,
  httpDenial,
  type Refused,
  toolErrorMessage,
  type Waiting,
} from "../../../src/decision/denial.ts";

const REASON: Reason = {
  code: "policy_denied",
  layer: "policy",
  rule: "deny/0",
  message: "Not here.",
  remedy: "Go there.",
};
const OTHER: Reason = { ...REASON, code: "secret_left", rule: "mcp.rules.secret_left" };
const REFUSED: Refused = { decisionId: "d-1", reasons: [REASON, OTHER], rpcCode: -31901 };
const FULL_DATA = {
  decision_id: "d-1",
  code: "policy_denied",
  layer: "policy",
  rule: "deny/0",
  remedy: "Go there.",
  others: [{ code: "secret_left", rule: "mcp.rules.secret_left" }],
};
const STYLES: readonly DenialStyle[] = ["jsonrpc", "http", "tool"];
const DISCLOSURES: readonly Disclosure[] = ["full", "code", "none"];

describe("errorMessage", () => {
  test.each<{ disclose: Disclosure; message: string; data: object }>([
    { disclose: "full", message: "Not here. Go there.", data: FULL_DATA },
    {
      disclose: "code",
      message: "Denied: policy_denied",
      data: { decision_id: "d-1", code: "policy_denied" },
    },
    { disclose: "none", message: "Denied.", data: { decision_id: "d-1" } },
  ])("tells as much as disclose: $disclose allows", ({ disclose, message, data }) => {
    expect(JSON.parse(errorMessage("7", REFUSED, disclose))).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: { code: -31901, message, data },
    });
  });

  test.each([
    { id: "7", text: '"id":7,' },
    { id: '"a\\u0062"', text: '"id":"a\\u0062",' },
    { id: "123456789012345678901234567890", text: '"id":123456789012345678901234567890,' },
    { id: null, text: '"id":null,' },
  ])("echoes the id $id byte for byte", ({ id, text }) => {
    expect(errorMessage(id, REFUSED, "none")).toContain(`{"jsonrpc":"2.0",${text}`);
  });

  test.each(DISCLOSURES)("keeps the protocol's own data with disclose: %s", (disclose) => {
    const refused = { ...REFUSED, data: '{"supported":["2025-11-25"]}' };
    expect(JSON.parse(errorMessage("7", refused, disclose))).toMatchObject({
      error: { data: { supported: ["2025-11-25"], decision_id: "d-1" } },
    });
  });

  test("names at most seven reasons beside the first", () => {
    const reasons: Refused["reasons"] = [REASON, ...Array.from({ length: 20 }, () => OTHER)];
    const text = errorMessage("7", { ...REFUSED, reasons }, "full");
    expect(JSON.parse(text).error.data.others).toHaveLength(7);
  });

  test("says nothing of others where there are none, and of a remedy where there is none", () => {
    const refused: Refused = { ...REFUSED, reasons: [{ ...REASON, remedy: "" }] };
    const { others: _, ...data } = FULL_DATA;
    expect(JSON.parse(errorMessage("7", refused, "full")).error).toEqual({
      code: -31901,
      message: "Not here.",
      data: { ...data, remedy: "" },
    });
  });
});

describe("toolErrorMessage", () => {
  test.each(REVISIONS)("is a result of %s", (revision) => {
    const waiting: Waiting = { id: "7", method: "tools/call", revision };
    expect(JSON.parse(toolErrorMessage(waiting, REFUSED, "full"))).toEqual({
      jsonrpc: "2.0",
      id: 7,
      result: {
        ...(revision === "2026-07-28" ? { resultType: "complete" } : {}),
        content: [{ type: "text", text: "Not here. Go there. (decision d-1)" }],
        isError: true,
        _meta: { "dev.impedance/denial": FULL_DATA },
      },
    });
  });
});

describe("answers", () => {
  const call: Waiting = { id: "1", method: "tools/call", revision: "2025-03-26" };
  const list: Waiting = { id: '"l"', method: "tools/list", revision: "2025-03-26" };

  test.each<{
    title: string;
    waiting: Waiting[];
    batch: boolean;
    style: DenialStyle;
    shape: unknown;
  }>([
    {
      title: "an error for one",
      waiting: [call],
      batch: false,
      style: "jsonrpc",
      shape: { id: 1, error: {} },
    },
    {
      title: "a tool's result for a call",
      waiting: [call],
      batch: false,
      style: "tool",
      shape: { id: 1, result: {} },
    },
    {
      title: "an error for what is no call",
      waiting: [list],
      batch: false,
      style: "tool",
      shape: { id: "l", error: {} },
    },
    {
      title: "an array for a batch",
      waiting: [call, list],
      batch: true,
      style: "tool",
      shape: [
        { id: 1, result: {} },
        { id: "l", error: {} },
      ],
    },
    {
      title: "an array for a batch of one",
      waiting: [list],
      batch: true,
      style: "http",
      shape: [{ id: "l", error: {} }],
    },
    {
      title: "an error without an id for nobody",
      waiting: [],
      batch: false,
      style: "tool",
      shape: { id: null, error: {} },
    },
  ])("are $title", ({ waiting, batch, style, shape }) => {
    expect(JSON.parse(answers(waiting, batch, REFUSED, style, "full"))).toMatchObject(
      shape as object,
    );
  });

  test("are JSON whatever a reason says", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom(...STYLES),
        fc.constantFrom(...DISCLOSURES),
        (text, style, disclose) => {
          const reasons: Refused["reasons"] = [{ ...REASON, message: text, remedy: text }];
          const refused = { ...REFUSED, reasons, decisionId: text };
          const body: unknown = JSON.parse(answers([call], false, refused, style, disclose));
          expect(body).toMatchObject({ jsonrpc: "2.0", id: 1 });
        },
      ),
    );
  });
});

describe("httpDenial", () => {
  const metadata = {
    decision_id: "d-1",
    allowed: false,
    method: null,
    tool: null,
    principal: "p",
    reasons: [],
  };

  test("says that its body is JSON", () => {
    expect(httpDenial(403, [["a", "b"]], "{}", metadata)).toEqual({
      status: 403,
      headers: [
        ["a", "b"],
        ["content-type", "application/json"],
      ],
      body: Buffer.from("{}"),
      metadata,
    });
  });

  test("has no type without a body", () => {
    expect(httpDenial(202, [], "", metadata)).toMatchObject({ headers: [], body: Buffer.alloc(0) });
  });
});

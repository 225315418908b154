import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { REVISIONS } from "../../../src/core/message.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { revisionOf, rulesOf } from "../../../src/mcp/revision/revisions.ts";

const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 10_000, stringMaxLength: 10_000 };
const KEY = "io.modelcontextprotocol/protocolVersion";

function request(method: string, params: unknown, id: number | null = 1): JsonObject {
  const text = JSON.stringify({ jsonrpc: "2.0", id: id ?? undefined, method, params });
  const document = parseJson(Buffer.from(text), LIMITS);
  if (!document.ok || document.value.root.kind !== "object") throw new Error("unreadable");
  return document.value.root;
}

function claiming(version: unknown): unknown {
  return { _meta: { [KEY]: version } };
}

test.each(REVISIONS)("the rules of %s carry its name", (revision) => {
  expect(rulesOf(revision).id).toBe(revision);
});

describe("revisionOf takes", () => {
  test.each([
    { title: "no header for 2025-03-26", header: null, params: {}, want: "2025-03-26" },
    { title: "the header's word", header: "2025-06-18", params: {}, want: "2025-06-18" },
    { title: "the body's word", header: null, params: claiming("2026-07-28"), want: "2026-07-28" },
    {
      title: "the same word from both",
      header: "2026-07-28",
      params: claiming("2026-07-28"),
      want: "2026-07-28",
    },
  ])("$title", ({ header, params, want }) => {
    expect(revisionOf(header, request("ping", params))).toEqual({ ok: true, value: want });
  });

  test.each([
    { title: "what is asked for", header: null, asked: "2025-11-25", want: "2025-11-25" },
    { title: "the newest with a handshake", header: null, asked: "2026-07-28", want: "2025-11-25" },
    {
      title: "the oldest for what we do not read",
      header: null,
      asked: "2024-11-05",
      want: "2025-03-26",
    },
    {
      title: "the header, if the body asks oddly",
      header: "2025-06-18",
      asked: 7,
      want: "2025-06-18",
    },
  ])("for initialize $title", ({ header, asked, want }) => {
    const node = request("initialize", { protocolVersion: asked });
    expect(revisionOf(header, node)).toEqual({ ok: true, value: want });
  });

  test("a notification of 2026-07-28 by its header alone", () => {
    const node = request("notifications/cancelled", {}, null);
    expect(revisionOf("2026-07-28", node)).toEqual({ ok: true, value: "2026-07-28" });
  });
});

describe("revisionOf refuses", () => {
  const supported = (requested: string) => JSON.stringify({ supported: REVISIONS, requested });

  test.each([
    { title: "a header we do not read", header: "2024-11-05", params: {}, rpcCode: -32022 },
    {
      title: "a body we do not read",
      header: null,
      params: claiming("2099-01-01"),
      rpcCode: -32022,
    },
    {
      title: "header and body that differ",
      header: "2025-11-25",
      params: claiming("2026-07-28"),
      rpcCode: -32020,
    },
    { title: "a version that is no text", header: null, params: claiming(1), rpcCode: -32602 },
    {
      title: "a request of 2026 that does not say so",
      header: "2026-07-28",
      params: {},
      rpcCode: -32602,
    },
  ])("$title", ({ header, params, rpcCode }) => {
    expect(revisionOf(header, request("ping", params))).toMatchObject({
      ok: false,
      error: { rpcCode, httpStatus: 400 },
    });
  });

  test("initialize under a header of 2026", () => {
    const node = request("initialize", { protocolVersion: "2025-11-25" });
    expect(revisionOf("2026-07-28", node)).toMatchObject({ error: { rpcCode: -32020 } });
  });

  test.each([
    { header: "2024-11-05", requested: "2024-11-05" },
    { header: "x y", requested: "unknown" },
    { header: "a".repeat(33), requested: "unknown" },
  ])("'$header' and says what it reads", ({ header, requested }) => {
    expect(revisionOf(header, request("ping", {}))).toMatchObject({
      error: { code: "unsupported_version", data: supported(requested) },
    });
  });

  test("a claim in the body, and says what can be claimed there", () => {
    expect(revisionOf("2099-01-01", request("ping", claiming("2099-01-01")))).toMatchObject({
      error: { data: JSON.stringify({ supported: ["2026-07-28"], requested: "2099-01-01" }) },
    });
  });
});

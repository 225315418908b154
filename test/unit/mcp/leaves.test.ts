import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { pointerOf } from "../../../src/core/json.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { classifyLeaves } from "../../../src/mcp/message/leaves.ts";

const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 10_000, stringMaxLength: 100_000 };

function read(value: unknown) {
  const document = parseJson(Buffer.from(JSON.stringify(value)), LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return document.value;
}

/** Pointers of the leaves with a nature. */
function placesOf(value: unknown, nature: "opaque" | "media"): string[] {
  return classifyLeaves(read(value))
    .filter((leaf) => leaf.nature === nature)
    .map((leaf) => pointerOf(leaf.location));
}

const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const TASK = "io.modelcontextprotocol/related-task";

describe("classifyLeaves marks as opaque", () => {
  test.each([
    { title: "an id", value: { id: "a" }, places: ["/id"] },
    { title: "an id that is a number", value: { id: 4111111111111111 }, places: ["/id"] },
    { title: "the ids of a batch", value: [{ id: 1 }, { id: "b" }], places: ["/0/id", "/1/id"] },
    {
      title: "a progress token of a request",
      value: { method: "tools/call", params: { _meta: { progressToken: "t" } } },
      places: ["/params/_meta/progressToken"],
    },
    {
      title: "a progress token of a notification",
      value: { method: "notifications/progress", params: { progressToken: 3, message: "x" } },
      places: ["/params/progressToken"],
    },
    {
      title: "a cursor, there and back",
      value: [{ method: "tools/list", params: { cursor: "c" } }, { result: { nextCursor: "d" } }],
      places: ["/0/params/cursor", "/1/result/nextCursor"],
    },
    {
      title: "a request state, there and back",
      value: [
        { method: "tools/call", params: { requestState: "s" } },
        { result: { requestState: "s" } },
      ],
      places: ["/0/params/requestState", "/1/result/requestState"],
    },
    {
      title: "task ids",
      value: [
        { method: "tasks/get", params: { taskId: "t" } },
        { result: { task: { taskId: "t" } } },
        { result: { tasks: [{ taskId: "t" }] } },
        { result: { _meta: { [TASK]: { taskId: "t" } } } },
      ],
      places: [
        "/0/params/taskId",
        "/1/result/task/taskId",
        "/2/result/tasks/0/taskId",
        "/3/result/_meta/io.modelcontextprotocol~1related-task/taskId",
      ],
    },
    {
      title: "the id of what is cancelled",
      value: { method: "notifications/cancelled", params: { requestId: "r" } },
      places: ["/params/requestId"],
    },
    {
      title: "the id of a subscription",
      value: { method: "notifications/message", params: { _meta: { [SUBSCRIPTION]: "s" } } },
      places: ["/params/_meta/io.modelcontextprotocol~1subscriptionId"],
    },
    {
      title: "the id of a subscription that ends",
      value: { result: { _meta: { [SUBSCRIPTION]: "s" } } },
      places: ["/result/_meta/io.modelcontextprotocol~1subscriptionId"],
    },
    {
      title: "the ids of tasks to hear of",
      value: {
        method: "subscriptions/listen",
        params: { notifications: { taskIds: ["s", "t"], resourceSubscriptions: ["file:///a"] } },
      },
      places: ["/params/notifications/taskIds/0", "/params/notifications/taskIds/1"],
    },
  ])("$title", ({ value, places }) => {
    expect(placesOf(value, "opaque")).toEqual(places);
  });

  test.each([
    {
      title: "arguments",
      value: { method: "tools/call", params: { arguments: { id: "a", cursor: "c", taskId: "t" } } },
    },
    {
      title: "structured content",
      value: { result: { structuredContent: { nextCursor: "c", id: "a" } } },
    },
    {
      title: "parameters of another method",
      value: {
        method: "tools/call",
        params: { cursor: "c", requestId: "r", taskId: "t", progressToken: "p" },
      },
    },
    { title: "an id that is an object", value: { id: { id: "a" } } },
    { title: "an array under an opaque name", value: { result: { nextCursor: ["c"] } } },
    { title: "deep nesting", value: { result: { a: { b: { c: { d: { id: "x" } } } } } } },
  ])("nothing in $title", ({ value }) => {
    const document = read(value);
    expect(classifyLeaves(document)).toBe(document.leaves);
  });
});

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";
const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");

describe("classifyLeaves marks as media", () => {
  test.each([
    {
      title: "a picture",
      value: { type: "image", data: PNG, mimeType: "image/png" },
      places: ["/data"],
    },
    { title: "a sound", value: { mimeType: "audio/wav", data: WAV }, places: ["/data"] },
    {
      title: "a resource",
      value: { uri: "a:b", blob: PNG, mimeType: "Image/PNG; x=y" },
      places: ["/blob"],
    },
    {
      title: "each with its own type",
      value: [
        { data: PNG, mimeType: "image/png" },
        { data: PNG, mimeType: "audio/wav" },
      ],
      places: ["/0/data"],
    },
    {
      title: "a PDF with binary in it",
      value: { blob: base64("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), mimeType: "application/pdf" },
      places: ["/blob"],
    },
    {
      title: "an archive",
      value: { blob: base64("PK\x03\x04\x14\x00"), mimeType: "application/zip" },
      places: ["/blob"],
    },
  ])("$title", ({ value, places }) => {
    expect(placesOf(value, "media")).toEqual(places);
  });

  test.each([
    {
      title: "text that calls itself a picture",
      value: { data: base64("password: hunter2"), mimeType: "image/png" },
    },
    {
      title: "text that begins like a GIF",
      value: { data: base64("GIF89a password: hunter2"), mimeType: "image/gif" },
    },
    {
      title: "text that begins like a PDF",
      value: { blob: base64("%PDF-1.7 password"), mimeType: "application/pdf" },
    },
    {
      title: "a picture with text behind its base64",
      value: { data: `${PNG} password`, mimeType: "image/png" },
    },
    { title: "a picture without a type", value: { data: PNG } },
    {
      title: "a picture whose type is elsewhere",
      value: { data: PNG, other: { mimeType: "image/png" } },
    },
    { title: "an unknown type", value: { data: PNG, mimeType: "application/octet-stream" } },
    { title: "an inherited name as type", value: { data: PNG, mimeType: "constructor" } },
    { title: "an array of pictures", value: { data: [PNG], mimeType: "image/png" } },
    {
      title: "a drawing, which is text",
      value: { data: base64("<svg/>"), mimeType: "image/svg+xml" },
    },
    { title: "nothing at all", value: { data: "", mimeType: "image/png" } },
  ])("not $title", ({ value }) => {
    const document = read(value);
    expect(classifyLeaves(document)).toBe(document.leaves);
  });
});

test("classifyLeaves leaves all other leaves as they are", () => {
  const document = read({ id: 1, method: "tools/call", params: { name: "a", n: 2 } });
  const classified = classifyLeaves(document);
  const changed = classified.filter((leaf, index) => leaf !== document.leaves[index]);
  expect(changed).toEqual([{ ...document.leaves[1], nature: "opaque" }]);
  expect(classified).toHaveLength(document.leaves.length);
});

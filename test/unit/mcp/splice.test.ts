import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import type { JsonDocument, Leaf } from "../../../src/core/json.ts";
import { find } from "../../../src/mcp/json/find.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { removeMembers } from "../../../src/mcp/json/remove-members.ts";
import {
  applySplices,
  insertMember,
  outermostSplices,
  replaceNode,
} from "../../../src/mcp/json/splice.ts";
import { spliceText } from "../../../src/mcp/json/splice-text.ts";

const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 1_000, stringMaxLength: 10_000 };

function read(text: string): JsonDocument {
  const document = parseJson(Buffer.from(text), LIMITS);
  if (!document.ok) throw new Error(document.error.code);
  return document.value;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function leafOf(document: JsonDocument): Leaf {
  const [leaf] = document.leaves;
  if (leaf === undefined) throw new Error("no leaf");
  return leaf;
}

describe("spliceText", () => {
  test.each([
    { title: "plain text", text: '"hello world"', edit: [6, 11], by: "X", want: '"hello X"' },
    { title: "nothing, as an insertion", text: '"ab"', edit: [1, 1], by: "X", want: '"aXb"' },
    {
      title: "what follows escapes",
      text: '"\\n\\u0041/bc"',
      edit: [3, 4],
      by: "X",
      want: '"\\n\\u0041/Xc"',
    },
    { title: "what follows UTF-8", text: '"é€😀b"', edit: [4, 5], by: "X", want: '"é€😀X"' },
    { title: "an escape itself", text: '"a\\tb"', edit: [1, 2], by: " ", want: '"a b"' },
    {
      title: "with what must be escaped",
      text: '"ab"',
      edit: [0, 1],
      by: '"\n',
      want: '"\\"\\nb"',
    },
    { title: "half a pair as the whole", text: '"a😀b"', edit: [1, 2], by: "X", want: '"aXb"' },
    { title: "the other half alike", text: '"a😀b"', edit: [2, 4], by: "X", want: '"aX"' },
    { title: "half an escaped pair", text: '"\\ud83d\\ude00b"', edit: [1, 3], by: "", want: '""' },
    { title: "a lone surrogate", text: '"\\ud83db"', edit: [0, 1], by: "X", want: '"Xb"' },
  ])("replaces $title and leaves the rest byte for byte", ({ text, edit, by, want }) => {
    const document = read(text);
    const [start = 0, end = 0] = edit;
    const splices = spliceText(document, [{ leaf: leafOf(document), start, end, replacement: by }]);
    expect(textOf(applySplices(document.bytes, splices))).toBe(want);
  });

  test("takes several edits of one text in any order", () => {
    const document = read('"a\\nb\\nc"');
    const leaf = leafOf(document);
    const edits = [
      { leaf, start: 4, end: 5, replacement: "Z" },
      { leaf, start: 0, end: 1, replacement: "X" },
    ];
    const edited = applySplices(document.bytes, spliceText(document, edits));
    expect(textOf(edited)).toBe('"X\\nb\\nZ"');
  });

  test("makes one of two edits that share a surrogate pair", () => {
    const document = read('"😀"');
    const leaf = leafOf(document);
    const edits = [
      { leaf, start: 0, end: 1, replacement: "X" },
      { leaf, start: 1, end: 2, replacement: "Y" },
    ];
    expect(textOf(applySplices(document.bytes, spliceText(document, edits)))).toBe('"XY"');
  });

  test("throws on edits that overlap, which are a bug", () => {
    const document = read('"abc"');
    const leaf = leafOf(document);
    const edits = [
      { leaf, start: 0, end: 2, replacement: "" },
      { leaf, start: 1, end: 3, replacement: "" },
    ];
    expect(() => spliceText(document, edits)).toThrow("apart");
  });

  test("throws on an edit of a key", () => {
    const document = read('{"a":1}');
    const edits = [{ leaf: leafOf(document), start: 0, end: 1, replacement: "" }];
    expect(() => spliceText(document, edits)).toThrow("only string values");
  });
});

describe("removeMembers takes out", () => {
  test.each([
    { title: "the first", text: '{"a":1, "b":2}', pointers: ["/a"], want: '{"b":2}' },
    { title: "the last", text: '{"a":1, "b":2 }', pointers: ["/b"], want: '{"a":1 }' },
    {
      title: "the middle one",
      text: '{"a":1,"b":2,"c":3}',
      pointers: ["/b"],
      want: '{"a":1,"c":3}',
    },
    { title: "the only one", text: '{ "a":1 }', pointers: ["/a"], want: "{  }" },
    { title: "all of them", text: '{"a":1,"b":2}', pointers: ["/b", "/a"], want: "{}" },
    {
      title: "the first two",
      text: '{"a":1,"b":2,"c":3}',
      pointers: ["/a", "/b"],
      want: '{"c":3}',
    },
    { title: "the last two", text: '{"a":1,"b":2,"c":3}', pointers: ["/c", "/b"], want: '{"a":1}' },
    {
      title: "the outer two",
      text: '{"a":1,"b":2,"c":3}',
      pointers: ["/a", "/c"],
      want: '{"b":2}',
    },
    {
      title: "one inside another",
      text: '{"a":{"b":1},"c":2}',
      pointers: ["/a/b", "/a"],
      want: '{"c":2}',
    },
    { title: "one named twice", text: '{"a":1,"b":2}', pointers: ["/a", "/a"], want: '{"b":2}' },
    {
      title: "one in an array",
      text: '[{"a":1},{"a":2}]',
      pointers: ["/1/a"],
      want: '[{"a":1},{}]',
    },
    {
      title: "an escaped name",
      text: '{"a/b":{"~":1}}',
      pointers: ["/a~1b/~0"],
      want: '{"a/b":{}}',
    },
    { title: "a name spelt with escapes", text: '{"\\u0061":1}', pointers: ["/a"], want: "{}" },
  ])("$title, with exactly one comma", ({ text, pointers, want }) => {
    const document = read(text);
    expect(textOf(applySplices(document.bytes, removeMembers(document, pointers)))).toBe(want);
  });

  test.each(["", "a", "/b", "/a/b/c", "/list/0", "/list/00", "/list/-"])(
    "nothing for the pointer '%s'",
    (pointer) => {
      expect(removeMembers(read('{"a":1,"list":[1]}'), [pointer])).toEqual([]);
    },
  );
});

describe("insertMember", () => {
  test.each([
    { title: "an empty object", text: "{ }", want: '{ "k":[1]}' },
    { title: "a filled one", text: '{"a":1 }', want: '{"a":1,"k":[1] }' },
  ])("adds to $title as the last member", ({ text, want }) => {
    const document = read(text);
    if (document.root.kind !== "object") throw new Error("no object");
    const splice = insertMember(document.root, "k", "[1]");
    expect(textOf(applySplices(document.bytes, [splice]))).toBe(want);
  });
});

describe("applySplices", () => {
  test("returns the same bytes when there is nothing to do", () => {
    const bytes = Buffer.from("{}");
    expect(applySplices(bytes, [])).toBe(bytes);
  });

  test("throws on splices that overlap, and not on neighbours", () => {
    const bytes = Buffer.from("abcdef");
    const splice = (start: number, end: number) => ({ start, end, bytes: Buffer.from("X") });
    expect(() => applySplices(bytes, [splice(0, 3), splice(2, 4)])).toThrow("apart");
    expect(textOf(applySplices(bytes, [splice(3, 4), splice(0, 3)]))).toBe("XXef");
  });

  test("is given only the outermost of nested splices", () => {
    const bytes = Buffer.from("abcdef");
    const splice = (start: number, end: number) => ({ start, end, bytes: Buffer.from("X") });
    const splices = outermostSplices([splice(1, 2), splice(0, 4), splice(4, 4), splice(4, 5)]);
    expect(textOf(applySplices(bytes, splices))).toBe("XXXf");
  });
});

describe("find", () => {
  const document = read('{"a":[10,{"b~/":"x"}],"":"empty"}');

  test.each([
    { pointer: "", kind: "object" },
    { pointer: "/a", kind: "array" },
    { pointer: "/a/0", kind: "number" },
    { pointer: "/a/1/b~0~1", kind: "string" },
    { pointer: "/", kind: "string" },
  ])("reaches '$pointer'", ({ pointer, kind }) => {
    expect(find(document, pointer)?.kind).toBe(kind);
  });

  test.each(["a", "/a/2", "/a/00", "/a/-", "/a/1e0", "/b", "/a/0/0"])(
    "finds nothing at '%s'",
    (pointer) => {
      expect(find(document, pointer)).toBeUndefined();
    },
  );

  test("puts other JSON in a node's place", () => {
    const node = find(document.root, "/a/0");
    if (node === undefined) throw new Error("nothing there");
    const edited = applySplices(document.bytes, [replaceNode(node, "null")]);
    expect(textOf(edited)).toBe('{"a":[null,{"b~/":"x"}],"":"empty"}');
  });
});

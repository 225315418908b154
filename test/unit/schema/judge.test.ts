import { describe, expect, test } from "vitest";
import { createSchemaJudge } from "../../../src/schema/judge.ts";
import { nodeOf, toolWith } from "./tools.ts";

const DRAFT_7 = { $schema: "http://json-schema.org/draft-07/schema#" };

function judged(inputSchema: unknown, value: unknown) {
  return createSchemaJudge().arguments(toolWith({ inputSchema }), nodeOf(value));
}

const object = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  ...more,
});

/** A value that fits, its near miss, and where that differs. */
const CASES: readonly {
  readonly title: string;
  readonly schema: unknown;
  readonly fits: unknown;
  readonly differs: unknown;
  readonly at: string;
  readonly keyword: string;
}[] = [
  {
    title: "type",
    schema: object({ n: { type: "integer" } }),
    fits: { n: 3 },
    differs: { n: "3" },
    at: "/n",
    keyword: "type",
  },
  {
    title: "required",
    schema: object({}, { required: ["a"] }),
    fits: { a: null },
    differs: {},
    at: "",
    keyword: "required",
  },
  {
    title: "a name of every object's own, required",
    schema: object({}, { required: ["toString"] }),
    fits: { toString: 1 },
    differs: {},
    at: "",
    keyword: "required",
  },
  {
    title: "enum, of objects too",
    schema: object({ a: { enum: [{ valueOf: 1, b: [2] }] } }),
    fits: { a: { b: [2], valueOf: 1 } },
    differs: { a: { b: [2], valueOf: 2 } },
    at: "/a",
    keyword: "enum",
  },
  {
    title: "const",
    schema: object({ a: { const: 1 } }),
    fits: { a: 1.0 },
    differs: { a: "1" },
    at: "/a",
    keyword: "const",
  },
  {
    title: "uniqueItems",
    schema: object({ a: { uniqueItems: true } }),
    fits: { a: [1, "1", { x: 1 }, { x: 2 }] },
    differs: {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
    at: "/a",
    keyword: "uniqueItems",
  },
  {
    title: "multipleOf",
    schema: object({ a: { multipleOf: 0.1 } }),
    fits: { a: 0.3 },
    differs: { a: 0.35 },
    at: "/a",
    keyword: "multipleOf",
  },
  {
    title: "pattern",
    schema: object({ a: { pattern: "^EMP[0-9]{6}$" } }),
    fits: { a: "EMP000001" },
    differs: { a: "EMP1" },
    at: "/a",
    keyword: "pattern",
  },
  {
    title: "maxLength, in characters",
    schema: object({ a: { maxLength: 2 } }),
    fits: { a: "💥💥" },
    differs: { a: "abc" },
    at: "/a",
    keyword: "maxLength",
  },
  {
    title: "additionalProperties beside patternProperties",
    schema: object({}, { patternProperties: { "^x-": true }, additionalProperties: false }),
    fits: { "x-a": 1 },
    differs: { y: 1 },
    at: "",
    keyword: "additionalProperties",
  },
  {
    title: "a recursive reference",
    schema: object({ child: { $ref: "#" }, n: { type: "number" } }),
    fits: { child: { child: { n: 1 } } },
    differs: { child: { child: { n: "1" } } },
    at: "/child/child/n",
    keyword: "type",
  },
  {
    title: "a reference with escapes",
    schema: { ...object({ a: { $ref: "#/$defs/x~1y%20z" } }), $defs: { "x/y z": { minimum: 2 } } },
    fits: { a: 2 },
    differs: { a: 1 },
    at: "/a",
    keyword: "minimum",
  },
  {
    title: "unevaluatedProperties across a reference",
    schema: {
      $defs: { base: object({ a: true }) },
      allOf: [{ $ref: "#/$defs/base" }],
      unevaluatedProperties: false,
    },
    fits: { a: 1 },
    differs: { b: 1 },
    at: "",
    keyword: "unevaluatedProperties",
  },
  {
    title: "prefixItems",
    schema: object({ a: { prefixItems: [{ type: "string" }], items: false } }),
    fits: { a: ["x"] },
    differs: { a: ["x", 1] },
    at: "/a",
    keyword: "items",
  },
  {
    title: "draft-07's tuples",
    schema: {
      ...DRAFT_7,
      ...object({ a: { items: [{ type: "string" }], additionalItems: { type: "number" } } }),
    },
    fits: { a: ["x", 1] },
    differs: { a: ["x", "y"] },
    at: "/a/1",
    keyword: "type",
  },
  {
    title: "draft-07's dependencies",
    schema: {
      ...DRAFT_7,
      dependencies: { a: ["b"], c: { required: ["d"] } },
    },
    fits: { a: 1, b: 1, c: 1, d: 1 },
    differs: { a: 1 },
    at: "",
    keyword: "dependentRequired",
  },
  {
    title: "draft-07, where nothing counts beside a reference",
    schema: {
      ...DRAFT_7,
      definitions: { text: { type: "string" } },
      ...object({ a: { $ref: "#/definitions/text", maxLength: 1 } }),
    },
    fits: { a: "long" },
    differs: { a: 1 },
    at: "/a",
    keyword: "type",
  },
];

describe("arguments", () => {
  test.each(CASES)("fit: $title", ({ schema, fits }) => {
    expect(judged(schema, fits)).toEqual({ kind: "fits" });
  });

  test.each(CASES)("differ, at a place: $title", ({ schema, differs, at, keyword }) => {
    expect(judged(schema, differs)).toEqual({ kind: "differs", at, keyword });
  });

  test.each([
    { title: "a format, which is for people", schema: { format: "date" } },
    {
      title: "a pattern that needs to look back, which is the server's",
      schema: { pattern: "(?<!a)b" },
    },
    {
      title: "keywords of nobody",
      schema: { "x-mcp-header": "A", nullable: true, type: "string" },
    },
    { title: "what stands beside definitions", schema: { $defs: { a: { $ref: "nowhere" } } } },
  ])("are not judged by $title", ({ schema }) => {
    expect(judged(object({ a: schema }), { a: "text" })).toEqual({ kind: "fits" });
  });

  test("are not judged where the tool has no schema", () => {
    expect(createSchemaJudge().arguments(toolWith({}), nodeOf({ a: 1 }))).toEqual({
      kind: "absent",
    });
  });
});

const chain = (length: number) =>
  Object.fromEntries(
    Array.from({ length }, (_, at) => [`a${at}`, { $ref: `#/$defs/a${at + 1}` }] as const),
  );
const nested = (depth: number): object =>
  depth === 0 ? {} : { properties: { a: nested(depth - 1) } };

describe("a schema cannot be used", () => {
  test.each([
    { title: "that is none", schema: "text" },
    {
      title: "of a draft that is not known",
      schema: { $schema: "http://json-schema.org/draft-04/schema#" },
    },
    { title: "that refers to an address", schema: { $ref: "https://127.0.0.1/schema.json" } },
    { title: "that refers to a file", schema: { $ref: "file:///etc/passwd" } },
    { title: "that refers to nothing", schema: { $ref: "#/$defs/nothing" } },
    { title: "that refers to no schema", schema: { $defs: [1], $ref: "#/$defs/length" } },
    { title: "that refers to what every object has", schema: { $ref: "#/constructor" } },
    { title: "whose reference is no URI", schema: { $ref: "#/%E0%A4%A" } },
    { title: "that goes round in a circle", schema: { $ref: "#" } },
    { title: "that goes round in a larger circle", schema: { anyOf: [{ not: { $ref: "#" } }] } },
    { title: "with a reference that depends on the way", schema: { $dynamicRef: "#a" } },
    { title: "with a schema of an address of its own", schema: object({ a: { $id: "urn:a" } }) },
    { title: "with a bound that is a text", schema: { minLength: "1" } },
    { title: "with a bound that is endless", schema: { maximum: Number.NaN } },
    { title: "with an unknown type", schema: { type: "text" } },
    { title: "with an empty choice", schema: { anyOf: [] } },
    { title: "with properties that are none", schema: { properties: [] } },
    { title: "that is code for later", schema: { $async: true, type: "object" } },
    {
      title: "whose pattern is out of reach, where leaving it out would change the rest",
      schema: { oneOf: [{ pattern: "(?=a)" }, { pattern: "^b" }] },
    },
    {
      title: "whose pattern of keys is out of reach",
      schema: { patternProperties: { "(?=a)": true } },
    },
    {
      title: "of more subschemas than allowed",
      schema: { allOf: Array.from({ length: 1000 }, () => ({})) },
    },
    { title: "nested deeper than allowed", schema: nested(100) },
    {
      title: "with a longer chain of references than allowed",
      schema: { $ref: "#/$defs/a0", $defs: { ...chain(40), a40: {} } },
    },
    {
      title: "with more values than allowed",
      schema: { enum: Array.from({ length: 50_000 }, (_, at) => at) },
    },
    {
      title: "with larger patterns than allowed",
      schema: { allOf: Array.from({ length: 40 }, (_, at) => ({ pattern: `[a-c${at}]{400}` })) },
    },
  ])("$title", ({ schema }) => {
    expect(judged(schema, { a: 1 })).toEqual({ kind: "unusable" });
  });

  test.each([
    { title: "nested as deep as allowed", schema: nested(60) },
    {
      title: "with a chain of references as long as allowed",
      schema: { $ref: "#/$defs/a0", $defs: { ...chain(30), a30: {} } },
    },
    {
      title: "of as many definitions, one referring to the next inside of the value",
      schema: {
        $ref: "#/$defs/a0",
        $defs: Object.fromEntries(
          Array.from({ length: 100 }, (_, at) => [
            `a${at}`,
            { properties: { a: { $ref: `#/$defs/a${(at + 1) % 100}` } } },
          ]),
        ),
      },
    },
  ])("but one can that is $title", ({ schema }) => {
    expect(judged(schema, {})).toEqual({ kind: "fits" });
  });
});

describe("work is bounded, whatever is asked", () => {
  const doubling = {
    $ref: "#/$defs/a0",
    $defs: {
      ...Object.fromEntries(
        Array.from({ length: 30 }, (_, at) => {
          const $ref = `#/$defs/a${at + 1}`;
          return [`a${at}`, { anyOf: [{ $ref }, { $ref }] }];
        }),
      ),
      a30: { type: "string" },
    },
  };
  const child = { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] };
  const deep = (depth: number): object => (depth === 0 ? {} : { a: deep(depth - 1) });

  test.each([
    { title: "a schema that doubles with each reference", schema: doubling, value: {} },
    {
      title: "a schema that doubles with each step into the value",
      schema: { anyOf: [child, { ...child, minProperties: 1 }] },
      value: deep(60),
    },
    {
      title: "a choice asked of many items, which all fail at once",
      schema: object({
        a: { contains: { anyOf: Array.from({ length: 200 }, () => ({ type: "null" })) } },
      }),
      value: { a: Array.from({ length: 20_000 }, () => 1) },
    },
    {
      title: "many patterns for many keys",
      schema: {
        patternProperties: Object.fromEntries(
          Array.from({ length: 50 }, (_, at) => [`^(a|b|ab)*${at}$`, true]),
        ),
      },
      value: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`abababab${at}x`, 1])),
    },
    {
      title: "a pattern on a long text",
      schema: object({ a: { pattern: "(a|aa)+[b-c]{100}$" } }),
      value: { a: "a".repeat(200_000) },
    },
  ])("$title", ({ schema, value }) => {
    const verdict = judged(schema, value);
    expect(verdict).toEqual({ kind: "unjudged" });
  });

  test("the same for fewer is judged", () => {
    const text = "a".repeat(2000);
    expect(judged(object({ a: { pattern: "^(a|aa)+$" } }), { a: text })).toEqual({ kind: "fits" });
    expect(judged(object({ a: { pattern: "^(a|aa)+$" } }), { a: `${text}b` }).kind).toBe("differs");
  });

  test("what one value cost is not held against the next", () => {
    const judge = createSchemaJudge();
    const tool = toolWith({ inputSchema: object({ a: { pattern: "(a|aa)+$" } }) });
    expect(judge.arguments(tool, nodeOf({ a: "a".repeat(1_000_000) })).kind).toBe("unjudged");
    expect(judge.arguments(tool, nodeOf({ a: "a" })).kind).toBe("fits");
  });
});

describe("isBrokenBy", () => {
  const outputSchema = object(
    {
      id: { type: "string", maxLength: 12 },
      mail: { type: "string", format: "email" },
      link: { type: "string", format: "uri" },
      code: { type: "string", pattern: "(?=x)x" },
      text: { type: "string" },
    },
    { required: ["id"] },
  );
  const sent = { id: "a", mail: "a@b.example", link: "file:///srv/a", code: "x", text: "t" };
  const tool = toolWith({ outputSchema });

  test.each([
    { title: "a text", change: { text: "[REDACTED:password]" }, broken: false },
    { title: "a text that got too long", change: { id: "[REDACTED:password]" }, broken: true },
    { title: "a text with a format", change: { mail: "[REDACTED:email]" }, broken: true },
    { title: "a text with a pattern", change: { code: "xy" }, broken: true },
    { title: "a URI that still is one", change: { link: "file:///DIR_1/a" }, broken: false },
    { title: "a URI that is none any more", change: { link: "[REDACTED:url]" }, broken: true },
    { title: "a member that is needed", change: { id: undefined }, broken: true },
  ])("an edit of $title: $broken", ({ change, broken }) => {
    const after = nodeOf({ ...sent, ...change });
    expect(createSchemaJudge().isBrokenBy(tool, nodeOf(sent), after)).toBe(broken);
  });

  test("the whole content taken out breaks it", () => {
    expect(createSchemaJudge().isBrokenBy(tool, nodeOf(sent), undefined)).toBe(true);
  });

  test("what did not fit before is not broken by us", () => {
    const judge = createSchemaJudge();
    expect(judge.isBrokenBy(tool, nodeOf({}), nodeOf({ text: 1 }))).toBe(false);
    expect(judge.isBrokenBy(toolWith({}), nodeOf({}), undefined)).toBe(false);
  });
});

test("a tool's schemas are compiled once, and forgotten when many others came", () => {
  const judge = createSchemaJudge();
  const tool = toolWith({ inputSchema: object({ a: { type: "string" } }) });
  for (let round = 0; round < 3; round++) {
    expect(judge.arguments(tool, nodeOf({ a: 1 })).kind).toBe("differs");
  }
  for (let at = 0; at < 1100; at++) {
    judge.mirrored(toolWith({ inputSchema: { title: `${at}` } }));
  }
  expect(judge.arguments(tool, nodeOf({ a: "x" })).kind).toBe("fits");
});

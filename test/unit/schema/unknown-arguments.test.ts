import { describe, expect, test } from "vitest";
import { createSchemaJudge } from "../../../src/schema/judge.ts";
import { nodeOf, toolWith } from "./tools.ts";

function unknown(inputSchema: unknown, value: unknown) {
  return createSchemaJudge().unknownArguments(toolWith({ inputSchema }), nodeOf(value));
}

const PERSON = { type: "object", properties: { name: {} } };

interface Case {
  readonly title: string;
  readonly schema: unknown;
  readonly value: unknown;
  readonly at?: readonly string[];
}

describe("unknownArguments", () => {
  test.each<Case>([
    {
      title: "a name beside the declared",
      schema: { properties: { a: {} } },
      value: { b: 1 },
      at: ["/b"],
    },
    {
      title: "any name, of a tool without parameters",
      schema: { type: "object" },
      value: { b: 1 },
      at: ["/b"],
    },
    {
      title: "a name of every object's own",
      schema: { properties: {} },
      value: { toString: 1 },
      at: ["/toString"],
    },
    {
      title: "a name inside of an object, escaped",
      schema: { properties: { who: PERSON } },
      value: { who: { name: 1, "a/b": 2 } },
      at: ["/who/a~1b"],
    },
    {
      title: "a name inside of an item",
      schema: { properties: { all: { items: PERSON } } },
      value: { all: [{ name: 1 }, { age: 2 }] },
      at: ["/all/1/age"],
    },
    {
      title: "a name that no branch declares",
      schema: {
        $ref: "#/$defs/a",
        $defs: { a: { anyOf: [{ properties: { b: {} } }, { properties: { c: {} } }] } },
      },
      value: { b: 1, c: 1, d: 1 },
      at: ["/d"],
    },
    {
      title: "a name behind a recursive reference",
      schema: { properties: { child: { $ref: "#" } } },
      value: { child: { child: { x: 1 } } },
      at: ["/child/child/x"],
    },
    {
      title: "a name that fits no pattern of names",
      schema: { patternProperties: { "^x-": true } },
      value: { "x-a": 1, y: 1 },
      at: ["/y"],
    },
    {
      title: "no more than a few of many",
      schema: {},
      value: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${at}`, 1])),
      at: ["/k0", "/k1", "/k2", "/k3", "/k4", "/k5", "/k6", "/k7"],
    },
  ])("names $title", ({ schema, value, at }) => {
    expect(unknown(schema, value)).toEqual(at);
  });

  test.each<Case>([
    { title: "what is declared", schema: { properties: { a: {} } }, value: { a: { b: 1 } } },
    {
      title: "what is said to be welcome",
      schema: { properties: {}, additionalProperties: {} },
      value: { a: 1 },
    },
    {
      title: "the keys of a map",
      schema: { properties: { env: { additionalProperties: { type: "string" } } } },
      value: { env: { HOME: "/" } },
    },
    {
      title: "an object that anything may be in",
      schema: { properties: { any: { type: "object" } } },
      value: { any: { a: 1 } },
    },
    {
      title: "what only one branch declares",
      schema: { oneOf: [{ properties: { a: {} } }, { properties: { b: {} } }] },
      value: { a: 1, b: 1 },
    },
  ])("passes $title", ({ schema, value }) => {
    expect(unknown(schema, value)).toEqual([]);
  });

  test.each<Case>([
    { title: "there is no schema", schema: undefined, value: { a: 1 } },
    {
      title: "a reference leads elsewhere",
      schema: { $ref: "https://127.0.0.1/" },
      value: { a: 1 },
    },
    {
      title: "a pattern of names cannot be judged",
      schema: { patternProperties: { "(?=a)": {} } },
      value: { a: 1 },
    },
    {
      title: "it would be too much work",
      schema: { patternProperties: { "(a|aa|b{300})+": {} } },
      value: Object.fromEntries(
        Array.from({ length: 500 }, (_, at) => [`${"a".repeat(50)}${at}`, 1]),
      ),
    },
  ])("cannot tell where $title", ({ schema, value }) => {
    expect(unknown(schema, value)).toBeNull();
  });
});

describe("mirrored", () => {
  const mirrored = (inputSchema: unknown) =>
    createSchemaJudge().mirrored(toolWith({ inputSchema }));
  const region = { type: "string", "x-mcp-header": "Region" };

  test("names the headers, and where their values stand", () => {
    const limit = { type: "integer", "x-mcp-header": "LIMIT" };
    const properties = { region, page: { type: "object", properties: { limit } } };
    expect(mirrored({ properties })).toEqual([
      { header: "mcp-param-region", path: ["region"], isNumeric: false },
      { header: "mcp-param-limit", path: ["page", "limit"], isNumeric: true },
    ]);
  });

  test.each([
    { title: "an empty name", properties: { region, a: { type: "string", "x-mcp-header": "" } } },
    {
      title: "a name with a line break",
      properties: { a: { type: "string", "x-mcp-header": "a\r\nb" } },
    },
    { title: "a name that is none", properties: { a: { type: "string", "x-mcp-header": 7 } } },
    { title: "an object as value", properties: { a: { type: "object", "x-mcp-header": "A" } } },
    {
      title: "two of the same name",
      properties: { region, a: { type: "string", "x-mcp-header": "REGION" } },
    },
  ])("is nothing for a tool with $title, which no client may offer", ({ properties }) => {
    expect(mirrored({ properties })).toEqual([]);
  });

  test("is nothing for what stands in a list, at the root, or nowhere", () => {
    expect(mirrored({ properties: { a: { items: region } } })).toEqual([]);
    expect(mirrored({ ...region })).toEqual([]);
    expect(mirrored(true)).toEqual([]);
    expect(mirrored(undefined)).toEqual([]);
  });
});

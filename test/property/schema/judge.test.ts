import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileSchema } from "../../../src/schema/compile.ts";
import { createSchemaJudge } from "../../../src/schema/judge.ts";
import type { RawSchema } from "../../../src/schema/references.ts";
import { readValue } from "../../../src/schema/value.ts";
import { nodeOf, toolWith } from "../../unit/schema/tools.ts";

const NAMES = ["a", "b", "toString", "valueOf", "constructor", "hasOwnProperty"];
const name = fc.constantFrom(...NAMES);
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, "", "a", "abc", "💥"),
  fc.integer({ min: -3, max: 3 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }),
  ),
}));

const type = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");
const count = fc.integer({ min: 0, max: 4 });
const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const below = tie("schema");
  const list = fc.array(below, { minLength: 1, maxLength: 3 });
  const named = fc.dictionary(name, below, { maxKeys: 3 });
  const some = fc.record(
    {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
      enum: fc.array(value, { minLength: 1, maxLength: 3 }),
      const: value,
      minimum: count,
      exclusiveMaximum: count,
      multipleOf: fc.constantFrom(1, 2),
      minLength: count,
      maxLength: count,
      pattern: fc.constantFrom("^a", "b?c$", "[^a]"),
      minItems: count,
      uniqueItems: fc.boolean(),
      required: fc.uniqueArray(name, { maxLength: 2 }),
      maxProperties: count,
      properties: named,
      patternProperties: fc.dictionary(fc.constantFrom("^a", "o"), below, { maxKeys: 2 }),
      dependentSchemas: named,
      additionalProperties: below,
      unevaluatedProperties: fc.boolean(),
      propertyNames: below,
      prefixItems: list,
      items: below,
      contains: below,
      allOf: list,
      anyOf: list,
      oneOf: list,
      not: below,
      if: below,
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: below,
      $ref: fc.constantFrom("#", "#/properties/a", "#/allOf/0"),
    },
    { requiredKeys: [] },
  );
  return { schema: fc.oneof({ maxDepth: 3 }, fc.boolean(), some) };
});

/** Ajv by itself; null where it will not have the schema. */
function plain(text: unknown): ((value: unknown) => boolean) | null {
  try {
    const ajv = new Ajv2020({ strict: false, logger: false, multipleOfPrecision: 9 });
    return ajv.compile(text as object);
  } catch {
    return null;
  }
}

test("any schema and any value have a verdict, the same that Ajv has by itself", () => {
  const verdicts = new Map<string, number>();
  fc.assert(
    fc.property(schema, fc.array(value, { maxLength: 5 }), (any, values) => {
      const validate = compileSchema(any as RawSchema);
      const reference = plain(any);
      for (const one of values) {
        const node = nodeOf(one);
        const { kind } = validate({ read: (meter) => readValue(node, meter), known: null });
        verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1);
        if (kind !== "fits" && kind !== "differs") continue;
        expect(reference, JSON.stringify(any)).not.toBeNull();
        if (!isPlain(one) || !isPlain(any)) continue;
        expect({ any, one, fits: kind === "fits" }).toEqual({ any, one, fits: reference?.(one) });
      }
    }),
    { numRuns: 400 },
  );
  expect([...verdicts.keys()]).toEqual(expect.arrayContaining(["fits", "differs", "unusable"]));
});

/** Without the names on which Ajv's own comparison of objects trips. */
function isPlain(one: unknown): boolean {
  return !/"(?:toString|valueOf|constructor|hasOwnProperty)"/.test(JSON.stringify(one));
}

test("whatever stands for a schema, nothing is thrown", () => {
  const judge = createSchemaJudge();
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.jsonValue(),
      (inputSchema, outputSchema, given) => {
        const tool = toolWith({ inputSchema, outputSchema });
        const node = nodeOf(given);
        judge.arguments(tool, node);
        judge.result(tool, node);
        judge.isBrokenBy(tool, node, node);
        judge.unknownArguments(tool, node);
        judge.mirrored(tool);
      },
    ),
    { numRuns: 300 },
  );
});

test("no text of a schema's becomes code", () => {
  const global = globalThis as { leaked?: boolean };
  const codes = [
    '"];leaked=true;//',
    "$" + "{leaked=true}",
    "`;leaked=true",
    "'+(leaked=true)+'",
    "\u2028leaked=true",
  ];
  for (const code of codes) {
    const any = {
      properties: { [code]: { enum: [code], const: code, title: code, pattern: code } },
      required: [code],
      dependentRequired: { [code]: [code] },
      patternProperties: { "^a": { const: code } },
      $defs: { [code]: {} },
      [code]: code,
      allOf: [
        {
          $ref: `#/$defs/${encodeURIComponent(code).replaceAll("~", "~0").replaceAll("%2F", "~1")}`,
        },
      ],
    };
    const validate = compileSchema(any);
    const node = nodeOf({ [code]: code });
    validate({ read: (meter) => readValue(node, meter), known: null });
  }
  expect(global.leaked).toBeUndefined();
});

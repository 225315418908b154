import { _, Ajv2020, type KeywordCxt } from "ajv/dist/2020.js";
import type { SchemaVerdict } from "../core/schema.ts";
import type { Patterns } from "./keywords.ts";
import { SCHEMA_LIMITS } from "./limits.ts";
import { createMeter, type Meter, OverBudget } from "./meter.ts";
import { type Cost, normalise } from "./normalise.ts";
import type { RawSchema } from "./references.ts";
import { Unusable } from "./unusable.ts";
import { identityOf, type Value } from "./value.ts";

/** Holds values against one schema. */
export type Validate = (value: ValueSource) => SchemaVerdict;

export interface ValueSource {
  /** Makes the value, and pays for it. */
  read(meter: Meter): Value;
  /** The texts that are known to have any form they should have; null: all. */
  readonly known: ReadonlySet<string> | null;
}

/** What a running validation has at hand. */
interface Run {
  readonly meter: Meter;
  known: ReadonlySet<string> | null;
}

const UNUSABLE: Validate = () => ({ kind: "unusable" });

/**
 * Compiles a schema of a server's. FAIL CLOSED on what a hostile one may do: whatever is not
 * understood, leads elsewhere or is too much makes it unusable; nothing is thrown.
 */
export function compileSchema(raw: RawSchema): Validate {
  const meter = createMeter();
  const run: Run = { meter, known: null };
  try {
    const { schema, patterns } = normalise(raw);
    const validate = ajvFor(run, patterns).compile(schema);
    return ({ read, known }) =>
      within(meter, () => {
        run.known = known;
        if (validate(read(meter))) return { kind: "fits" };
        const [first] = validate.errors ?? [];
        return { kind: "differs", at: first?.instancePath ?? "", keyword: first?.keyword ?? "" };
      });
  } catch (error) {
    if (isTooMuch(error)) return UNUSABLE;
    throw error;
  }
}

/** Work within what is given to one value. */
function within(meter: Meter, work: () => SchemaVerdict): SchemaVerdict {
  meter.left = SCHEMA_LIMITS.valueUnits;
  try {
    return work();
  } catch (error) {
    if (error instanceof OverBudget) return { kind: "unjudged" };
    if (isTooMuch(error)) return { kind: "unusable" };
    throw error;
  }
}

/** Validators nest as their schema is wide: V8 itself says when that is too deep for the stack. */
function isTooMuch(error: unknown): boolean {
  return error instanceof Unusable || error instanceof OverBudget || error instanceof RangeError;
}

/**
 * One Ajv for each schema: it keeps what it compiled, and servers choose how much that is. What it
 * gets is normal (`normalise.ts`), so that no text of a server's stands in a place of the code
 * where Ajv would not quote it.
 */
function ajvFor(run: Run, patterns: Patterns): Ajv2020 {
  const { meter } = run;
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateFormats: false,
    validateSchema: false,
    addUsedSchema: false,
    inlineRefs: false,
    messages: false,
    meta: false,
    logger: false,
    // 0.3 is a multiple of 0.1.
    multipleOfPrecision: 9,
    // Schemas are compiled when a call waits for it: a third of the time, for code as good.
    code: { optimize: false, regExp: Object.assign(matcher, { code: "linear" }) },
  });

  function matcher(source: string) {
    const pattern = patterns.get(source);
    if (pattern === undefined) throw new Error("a pattern was not compiled");
    return {
      test(text: string): boolean {
        meter.spend((pattern.steps * text.length) >> 2);
        return pattern.test(text);
      },
    };
  }

  for (const keyword of ["enum", "const", "uniqueItems"]) ajv.removeKeyword(keyword);
  ajv.addKeyword({ keyword: "enum", compile: (values: unknown[]) => amongst(values, meter) });
  ajv.addKeyword({ keyword: "const", compile: (value: unknown) => amongst([value], meter) });
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    compile: (isAsked: boolean) => (items: unknown[]) =>
      !isAsked || new Set(items.map((item) => identityOf(item, meter))).size === items.length,
  });
  ajv.addKeyword({
    keyword: "form",
    type: "string",
    compile: (form: string) => (text: string) =>
      run.known === null || run.known.has(text) || (form === "uri" && URI.test(text)),
  });
  ajv.addKeyword({ keyword: "spend", before: "$ref", code: (context) => spend(context, meter) });
  return ajv;
}

/** RFC 3986, without addresses in brackets, which our own marks have too. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[\w.~:/?#@!$&'()*+,;=%-]*$/;

/** Ajv's own comparison trips over objects without a prototype, and over keys such as `valueOf`. */
function amongst(values: readonly unknown[], meter: Meter): (value: unknown) => boolean {
  meter.left = SCHEMA_LIMITS.valueUnits;
  const identities = new Set(values.map((value) => identityOf(value, meter)));
  return (value) => identities.has(identityOf(value, meter));
}

/** Stands in front of all that asks further schemas. */
function spend({ gen, data, schema }: KeywordCxt, meter: Meter): void {
  const { units, unitsEachKey, unitsEachItem, measuresText }: Cost = schema;
  const left = gen.scopeValue("obj", { ref: meter });
  gen.code(_`${left}.spend(${units});`);
  if (measuresText)
    gen.code(_`if (typeof ${data} == "string") ${left}.spend(${data}.length >> 5);`);
  if (unitsEachItem > 0) {
    gen.code(_`if (Array.isArray(${data})) ${left}.spend(${data}.length * ${unitsEachItem});`);
  }
  if (unitsEachKey > 0) {
    const isObject = _`typeof ${data} == "object" && ${data} && !Array.isArray(${data})`;
    gen.code(_`if (${isObject}) ${left}.spendKeys(${data}, ${unitsEachKey});`);
  }
}

import { readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { suggest } from "../core/suggest.ts";
import type { Fault, Path } from "./config-error.ts";
import { printable } from "./config-error.ts";

/** The part of JSON Schema that `schemas/config.json` uses. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: { readonly [key: string]: Schema };
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly examples?: readonly string[];
}

interface Validator {
  readonly schema: Schema;
  readonly validate: ReturnType<Ajv2020["compile"]>;
}

const FAULTS_MAX = 100;

/** The kinds of files whose schema is published. */
export type SchemaName = "config" | "inventory" | "policy-test";

const validators = new Map<SchemaName, Validator>();

/** The published schema: the one source of the settings' names, shapes, bounds and defaults. */
export function configSchema(): Schema {
  return loadValidator("config").schema;
}

/** Checks the shape of `value`, and fills in the defaults where a setting is absent. */
export function validateShape(value: unknown, name: SchemaName = "config"): readonly Fault[] {
  const { validate } = loadValidator(name);
  if (validate(value)) return [];
  // Ajv reports a bad name twice: once for the name's own schema, once for `propertyNames`.
  const errors = (validate.errors ?? []).filter((error) => error.propertyName === undefined);
  return errors.slice(0, FAULTS_MAX).map(toFault);
}

function loadValidator(name: SchemaName): Validator {
  const loaded = validators.get(name);
  if (loaded !== undefined) return loaded;
  const text = readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), "utf8");
  const schema: Schema = JSON.parse(text);
  const ajv = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    verbose: true,
    allowUnionTypes: true,
  });
  const validator = { schema, validate: ajv.compile(schema) };
  validators.set(name, validator);
  return validator;
}

function toFault(error: ErrorObject): Fault {
  const path = decodePointer(error.instancePath);
  // A part of our own schema file, whose parts are all of this shape.
  const schema = (error.parentSchema ?? {}) as Schema;
  const { params } = error;

  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(path, String(params.additionalProperty), schema);
    case "propertyNames":
      return {
        path: [...path, String(params.propertyName)],
        target: "key",
        problem: "is not a name that can be used here",
        remedy: `choose ${schema.propertyNames?.description ?? "another"}`,
      };
    case "required":
      return {
        path,
        target: "key",
        problem: `lacks ${params.missingProperty}`,
        remedy: `add ${params.missingProperty}: …`,
      };
    case "enum":
      return unknownValue(path, error.data, schema.enum ?? []);
    default:
      return wrongValue(path, error, schema);
  }
}

function unknownKey(path: Path, key: string, schema: Schema): Fault {
  const known = Object.keys(schema.properties ?? {});
  const meant = suggest(key, known);
  return {
    path: [...path, key],
    target: "key",
    problem: "is not a known setting",
    remedy:
      meant === null
        ? `remove it, or use one of: ${known.join(", ")}`
        : `did you mean ${printable(meant)}?`,
  };
}

function unknownValue(path: Path, value: unknown, known: readonly string[]): Fault {
  const meant = typeof value === "string" ? suggest(value, known) : null;
  return {
    path,
    target: "value",
    problem: "is none of the known values",
    remedy: meant === null ? `use one of: ${known.join(", ")}` : `did you mean ${meant}?`,
  };
}

function wrongValue(path: Path, error: ErrorObject, schema: Schema): Fault {
  const { params } = error;
  const fault = (problem: string, remedy: string): Fault => {
    return { path, target: "value", problem, remedy };
  };
  switch (error.keyword) {
    case "type":
      return error.data === null
        ? fault("has no value", "give it one, or remove the key")
        : fault(`is not ${nameOfType(params.type)}`, `write ${example(schema)}`);
    case "minimum":
    case "maximum":
      return fault(
        `is ${error.keyword === "minimum" ? "below" : "above"} its bound`,
        `use a number ${params.comparison} ${params.limit}`,
      );
    case "minProperties":
      return fault(
        "says nothing",
        `add one of: ${Object.keys(schema.properties ?? {}).join(", ")}`,
      );
    case "uniqueItems":
      return fault("names the same entry twice", "remove one of the two");
    case "pattern":
      return fault("is not of the form needed here", `write ${example(schema)}`);
    default:
      return fault(`breaks the rule ${error.keyword}`, "see schemas/config.json");
  }
}

function nameOfType(type: unknown): string {
  if (Array.isArray(type)) return type.map(nameOfType).join(" or ");
  switch (type) {
    case "object":
      return "a map of settings";
    case "array":
      return "a list";
    case "integer":
      return "a whole number";
    case "boolean":
      return "true or false";
    default:
      return "text";
  }
}

/** What belongs here, in words, and as it looks. */
function example(schema: Schema): string {
  const words = schema.description ?? nameOfType(schema.type);
  const sample = schema.examples?.[0] ?? (schema.type === "integer" ? schema.default : undefined);
  return sample === undefined ? `what it stands for: ${words}` : `it as in ${sample} (${words})`;
}

function decodePointer(pointer: string): Path {
  if (pointer === "") return [];
  const segments = pointer.slice(1).split("/");
  return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

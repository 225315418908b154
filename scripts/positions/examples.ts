/** What of JSON Schema the schemas of MCP are written in. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly format?: string;
  readonly maximum?: number;
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export type Definitions = { readonly [name: string]: Schema };

/** A key that no schema names: where one stands, any other may stand as well. */
export const OPEN_KEY = "extra";

/** What may be anything: text, digits, and a key, each once. */
const ANYTHING: Json = ["text", 7, { [OPEN_KEY]: "text" }];

/**
 * Messages that a schema allows and that together have every position it has: all members are
 * there, lists hold one item of each kind, an open object has a key more, and where a value may
 * have several shapes, each stands in one message. A type inside itself is written once.
 */
export function examplesOf(
  schema: Schema,
  definitions: Definitions,
  fixed: FixedMembers,
): readonly Json[] {
  return shapesOf(schema, { definitions, fixed, open: [] });
}

/** Members that are any string to the schema, and one of a few to the protocol. */
export type FixedMembers = { readonly [name: string]: Json };

interface Context {
  readonly definitions: Definitions;
  readonly fixed: FixedMembers;
  /** The types that are being written. */
  readonly open: readonly string[];
}

/** None for a type inside itself. */
function shapesOf(schema: Schema, context: Context): readonly Json[] {
  if (schema.$ref !== undefined) return shapesOfReference(schema.$ref, context);
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum !== undefined) return schema.enum.slice(0, 1);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.flatMap((choice) => shapesOf(choice, context));
  if (schema.allOf !== undefined) return shapesOf(merged(schema.allOf, context), context);
  const types = typesOf(schema);
  if (types.length === 0) return [ANYTHING];
  return types.flatMap((type) => shapesOfType(type, schema, context));
}

function shapesOfReference(reference: string, context: Context): readonly Json[] {
  const name = reference.split("/").at(-1) ?? "";
  if (name === "JSONValue") return [ANYTHING];
  if (context.open.includes(name)) return [];
  const definition = context.definitions[name];
  if (definition === undefined) throw new Error(`${reference} is not defined`);
  return shapesOf(definition, { ...context, open: [...context.open, name] });
}

function typesOf({ type, properties }: Schema): readonly string[] {
  if (type === undefined) return properties === undefined ? [] : ["object"];
  return typeof type === "string" ? [type] : type;
}

function shapesOfType(type: string, schema: Schema, context: Context): readonly Json[] {
  switch (type) {
    case "object":
      return shapesOfObject(schema, context);
    case "array":
      return [shapesOf(schema.items ?? {}, context)];
    case "string":
      return [textOf(schema.format)];
    case "integer":
    case "number":
      return [Math.min(7, schema.maximum ?? 7)];
    case "boolean":
      return [true];
    default:
      return [null];
  }
}

/** As many as its member of the most shapes needs; the others take turns. */
function shapesOfObject(schema: Schema, context: Context): readonly Json[] {
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => [name, shapesOfMember(name, member, context)] as const,
  );
  const open = openMember(schema.additionalProperties, context);
  const all = [...members, [OPEN_KEY, open] as const].filter(([, shapes]) => shapes.length > 0);
  const count = Math.max(1, ...all.map(([, shapes]) => shapes.length));
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(all.map(([name, shapes]) => [name, shapes[index % shapes.length] ?? null])),
  );
}

function shapesOfMember(name: string, schema: Schema, context: Context): readonly Json[] {
  const fixed = context.fixed[name];
  return fixed === undefined ? shapesOf(schema, context) : [fixed];
}

/** JSON Schema leaves an object open unless it is told to close it. */
function openMember(rest: Schema["additionalProperties"], context: Context): readonly Json[] {
  if (rest === false) return [];
  return rest === undefined || rest === true ? ["text"] : shapesOf(rest, context);
}

function merged(parts: readonly Schema[], context: Context): Schema {
  const own = parts.map((part) => {
    const name = part.$ref?.split("/").at(-1);
    return name === undefined ? part : (context.definitions[name] ?? {});
  });
  return {
    ...Object.assign({}, ...own),
    properties: Object.assign({}, ...own.map(({ properties }) => properties)),
  };
}

function textOf(format: string | undefined): string {
  switch (format) {
    case "uri":
      return "file:///a";
    case "uri-template":
      return "file:///{name}";
    case "byte":
      return "aGVsbG8=";
    default:
      return "text";
  }
}

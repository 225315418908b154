import type { KnownTool } from "../core/catalogue.ts";
import type { JsonNode } from "../core/json.ts";
import type { SchemaJudge } from "../core/ports.ts";
import type { MirroredParameter, SchemaVerdict } from "../core/schema.ts";
import { compileSchema, type Validate } from "./compile.ts";
import { SCHEMA_LIMITS } from "./limits.ts";
import { mirroredParameters } from "./mirrored-parameters.ts";
import { isMapping, isRaw, type RawSchema } from "./references.ts";
import { unknownArguments } from "./unknown-arguments.ts";
import { readValue, textsOf } from "./value.ts";

/** Judges by what tools' definitions say; what is compiled is kept for those used last. */
export function createSchemaJudge(): SchemaJudge {
  const tools = createToolCache();
  return {
    arguments: (tool, node) => {
      const { input } = tools(tool);
      return input === null ? { kind: "absent" } : input.holds(node);
    },
    result: (tool, node) => {
      const { output } = tools(tool);
      return output === null ? { kind: "absent" } : output.holds(node);
    },
    isBrokenBy: (tool, before, after) => {
      const { output } = tools(tool);
      if (output === null || output.holds(before).kind !== "fits") return false;
      return after === undefined || output.holds(after, textsOf(before)).kind !== "fits";
    },
    hasResult: (tool) => tools(tool).output !== null,
    unknownArguments: (tool, node) => {
      const { input } = tools(tool);
      return input === null ? null : unknownArguments(input.raw, node);
    },
    mirrored: (tool) => tools(tool).mirrored(),
  };
}

interface ToolSchemas {
  readonly input: ToolSchema | null;
  readonly output: ToolSchema | null;
  mirrored(): readonly MirroredParameter[];
}

interface ToolSchema {
  readonly raw: RawSchema;
  /** `known` are texts whose form needs no judging; all of them without it. */
  holds(node: JsonNode, known?: ReadonlySet<string>): SchemaVerdict;
}

function createToolCache(): (tool: KnownTool) => ToolSchemas {
  const kept = new Map<string, { readonly schemas: ToolSchemas; readonly length: number }>();
  let length = 0;
  return ({ hash, text }) => {
    const known = kept.get(hash) ?? { schemas: readTool(text), length: text.length };
    if (!kept.delete(hash)) length += known.length;
    kept.set(hash, known);
    for (const [oldest, entry] of kept) {
      const fits = kept.size <= SCHEMA_LIMITS.toolsMax && length <= SCHEMA_LIMITS.textMaxLength;
      if (fits || oldest === hash) break;
      kept.delete(oldest);
      length -= entry.length;
    }
    return known.schemas;
  };
}

function readTool(text: string): ToolSchemas {
  // The catalogue's own text, which is JSON whatever the server sent.
  const definition: unknown = JSON.parse(text);
  const { inputSchema, outputSchema } = isMapping(definition) ? definition : {};
  let mirrored: readonly MirroredParameter[] | undefined;
  return {
    input: readSchema(inputSchema),
    output: readSchema(outputSchema),
    mirrored: () => (mirrored ??= isRaw(inputSchema) ? mirroredParameters(inputSchema) : []),
  };
}

/** Compiled when it is needed first, for most tools are never called. */
function readSchema(raw: unknown): ToolSchema | null {
  if (raw === undefined) return null;
  const schema: RawSchema = isRaw(raw) ? raw : { type: "malformed" };
  let validate: Validate | undefined;
  return {
    raw: schema,
    holds: (node, known) => {
      validate ??= compileSchema(schema);
      return validate({ read: (meter) => readValue(node, meter), known: known ?? null });
    },
  };
}

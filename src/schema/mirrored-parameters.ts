import type { MirroredParameter } from "../core/schema.ts";
import { isMapping, type RawSchema } from "./references.ts";

const KEYWORD = "x-mcp-header";
const PARAMETERS_MAX = 64;
const DEPTH_MAX = 16;
/** RFC 9110 section 5.1: `token`. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** `number` is not for headers; servers of the SDK compare it all the same. */
const TYPES: ReadonlySet<unknown> = new Set(["string", "integer", "boolean", "number"]);

/**
 * The parameters that a tool's `inputSchema` has mirrored in headers (MCP 2026-07-28, "Schema
 * Extension"): reached from its root through `properties` alone. None when one of them is not as
 * the specification wants it: clients must not offer such a tool, and its headers mean nothing.
 */
export function mirroredParameters(schema: RawSchema): readonly MirroredParameter[] {
  const found: MirroredParameter[] = [];
  const isValid = collect(schema, [], found);
  const names = new Set(found.map(({ header }) => header));
  return isValid && names.size === found.length ? found : [];
}

/** False as soon as something is not as it should be. */
function collect(schema: unknown, path: readonly string[], found: MirroredParameter[]): boolean {
  if (!isMapping(schema)) return true;
  if (Object.hasOwn(schema, KEYWORD)) {
    const name = schema[KEYWORD];
    const isValid = typeof name === "string" && TOKEN.test(name) && TYPES.has(schema.type);
    if (!isValid || path.length === 0 || found.length === PARAMETERS_MAX) return false;
    const isNumeric = schema.type === "integer" || schema.type === "number";
    found.push({ header: `mcp-param-${name.toLowerCase()}`, path, isNumeric });
  }
  if (!isMapping(schema.properties)) return true;
  if (path.length === DEPTH_MAX) return false;
  return Object.entries(schema.properties).every(([key, property]) =>
    collect(property, [...path, key], found),
  );
}

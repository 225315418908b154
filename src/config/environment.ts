import { editDistance, suggest } from "../core/suggest.ts";
import { isRecord, textAt } from "./access.ts";
import type { Environment } from "./config.ts";
import type { ConfigError, Path } from "./config-error.ts";
import type { Schema } from "./schema.ts";
import { shipEntries } from "./shipping.ts";
import { otlpEntries } from "./telemetry.ts";

const PREFIX = "IMPEDANCE_";
/** Read by the set-up script, which shares the prefix. */
const SETUP_VARIABLES = [
  "IMPEDANCE_ENVOY",
  "IMPEDANCE_OPA",
  "IMPEDANCE_RSYSLOGD",
  "IMPEDANCE_OTELCOL",
  "IMPEDANCE_PROMTOOL",
  "IMPEDANCE_REDIS_SERVER",
  "IMPEDANCE_WRK",
  "IMPEDANCE_H2LOAD",
];
/** What Kubernetes sets in a pod beside a Service named `impedance…`. */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT|PORT_\d+_(?:TCP|UDP|SCTP)\w*)$/;
/** The section whose settings depend on the file. */
const SERVERS = `${PREFIX}SERVERS`;
const TYPING_ERROR_MAX_DISTANCE = 2;

/** A setting that a variable can override. */
interface Leaf {
  readonly path: Path;
  readonly type: string;
  /** Of the entries, where the setting is a list. */
  readonly itemType: string;
}

/** Which variables replaced something, and what is wrong with the others. */
export interface Overrides {
  /** The variable behind each replaced setting; the key is the path joined by NUL. */
  readonly variables: ReadonlyMap<string, string>;
  readonly errors: readonly ConfigError[];
}

/**
 * Puts `IMPEDANCE_<PATH>` in the place of the setting at that path of `value`: in capitals, with
 * `_` for whatever is neither letter nor digit, so that `limits.json_max_depth` is
 * `IMPEDANCE_LIMITS_JSON_MAX_DEPTH`. A list is separated by commas. Servers must stand in the file;
 * their settings may be overridden.
 */
export function applyEnvironment(
  value: unknown,
  schema: Schema,
  environment: Environment,
): Overrides {
  const leaves = new Map<string, readonly Leaf[]>();
  for (const leaf of leavesOf(schema, value, [])) {
    const name = variableOf(leaf.path);
    leaves.set(name, [...(leaves.get(name) ?? []), leaf]);
  }

  const variables = new Map<string, string>();
  const errors: ConfigError[] = [];
  const names = Object.keys(environment).filter((name) => name.startsWith(PREFIX));
  for (const name of names.sort()) {
    const problem = applyVariable(value, name, environment[name] ?? "", leaves, variables);
    if (problem !== null) errors.push(problem);
  }

  const referenced = referencesIn(value);
  const isReferenced = ({ origin }: ConfigError): boolean =>
    origin.kind === "variable" && referenced.has(origin.name);
  return { variables, errors: errors.filter((error) => !isReferenced(error)) };
}

/** How `applyEnvironment` remembers a path. */
export function pathKey(path: Path): string {
  return path.join("\0");
}

function applyVariable(
  root: unknown,
  name: string,
  text: string,
  leaves: ReadonlyMap<string, readonly Leaf[]>,
  variables: Map<string, string>,
): ConfigError | null {
  const [leaf, other] = leaves.get(name) ?? [];
  if (leaf === undefined) return judgeUnknown(name, leaves);
  if (other !== undefined) {
    return variableError(name, leaf.path, "fits two settings", "change the file instead");
  }
  if (text === "") {
    return variableError(name, leaf.path, "is set but empty", "unset it, or give it a value");
  }
  if (assign(root, leaf.path, decodeText(text, leaf.type, leaf.itemType))) {
    variables.set(pathKey(leaf.path), name);
  }
  return null;
}

/** A variable that looks like an override and overrides nothing must not be passed over. */
function judgeUnknown(name: string, leaves: ReadonlyMap<string, unknown>): ConfigError | null {
  if (SETUP_VARIABLES.includes(name) || SERVICE_LINK.test(name)) return null;
  const known = [...leaves.keys()];
  const sections = known.map((variable) => variable.split("_", 2).join("_"));
  const section = name.split("_", 2).join("_");
  const isInSection = section !== name && (sections.includes(section) || section === SERVERS);
  const meant = suggest(name, known);

  if (!isInSection && !isTypingError(name, meant)) return null;
  const remedy = meant === null ? "unset it" : `did you mean ${meant}?`;
  return variableError(name, [], "overrides no known setting", remedy);
}

function isTypingError(name: string, meant: string | null): boolean {
  return meant !== null && editDistance(name, meant) <= TYPING_ERROR_MAX_DISTANCE;
}

function variableError(name: string, path: Path, problem: string, remedy: string): ConfigError {
  return { origin: { kind: "variable", name }, path: path.join("."), problem, remedy };
}

function variableOf(path: Path): string {
  const words = path.map((segment) => segment.toUpperCase().replace(/[^A-Z0-9]/g, "_"));
  return PREFIX + words.join("_");
}

/** The settings the schema knows; of a map with free keys, those that `value` has. */
function* leavesOf(schema: Schema, value: unknown, path: Path): Generator<Leaf> {
  const inner = (key: string): unknown => (isRecord(value) ? value[key] : undefined);
  if (schema.properties === undefined && !isRecord(schema.additionalProperties)) {
    yield { path, type: schema.type ?? "string", itemType: schema.items?.type ?? "string" };
    return;
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    yield* leavesOf(property, inner(key), [...path, key]);
  }
  if (isRecord(schema.additionalProperties) && isRecord(value)) {
    for (const key of Object.keys(value)) {
      yield* leavesOf(schema.additionalProperties, inner(key), [...path, key]);
    }
  }
}

function decodeText(text: string, type: string, itemType: string): unknown {
  if (type === "array") {
    return text.split(",").map((item) => decodeText(item.trim(), itemType, "string"));
  }
  if (type === "boolean" && /^(?:true|false)$/.test(text)) return text === "true";
  if (type === "integer" && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === "number" && /^\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  return text;
}

/** False where the file has something other than a map on the way; that is reported elsewhere. */
function assign(root: unknown, path: Path, leaf: unknown): boolean {
  let at = root;
  for (const segment of path.slice(0, -1)) {
    if (!isRecord(at)) return false;
    at[segment] ??= {};
    at = at[segment];
  }
  const last = path.at(-1);
  if (!isRecord(at) || last === undefined) return false;
  at[last] = leaf;
  return true;
}

const REFERENCES: readonly Path[] = [
  ["audit", "subject_key"],
  ["audit", "signing_key"],
  ["audit", "analyst_key"],
  ["aliases", "key"],
  ["policy", "bundle_token"],
  ["policy", "verification_key"],
  ["admin_access", "token"],
  ["approvals", "token"],
];

/** The variables that hold secrets the document refers to: they are meant, whatever their name. */
function referencesIn(value: unknown): ReadonlySet<string> {
  const receivers = [...shipEntries(value), ...otlpEntries(value)];
  const shipped = receivers.flatMap(([, { token, key }]) => [token, key]);
  const references = [...REFERENCES.map((path) => textAt(value, path)), ...shipped].map(String);
  const variables = references.filter((reference) => reference.startsWith("env:"));
  return new Set(variables.map((reference) => reference.slice("env:".length)));
}

import { dirname, resolve } from "node:path";

import { err, ok, type Result } from "../core/result.ts";
import { textAt } from "./access.ts";
import { buildConfig, type RawConfig } from "./build-config.ts";
import type { Config, Environment, Secret } from "./config.ts";
import {
  type ConfigError,
  type Fault,
  formatPath,
  type Origin,
  type Path,
  printable,
} from "./config-error.ts";
import { type ConfigDocument, decodeDocument } from "./document.ts";
import { applyEnvironment, pathKey } from "./environment.ts";
import { validateMeaning } from "./meaning.ts";
import { expandPadding } from "./padding.ts";
import { configSchema, validateShape } from "./schema.ts";
import { resolveSecret } from "./secret.ts";

const SUBJECT_KEY: Path = ["audit", "subject_key"];
const ALIAS_KEY: Path = ["aliases", "key"];
const SIGNING_KEY: Path = ["audit", "signing_key"];

/**
 * The configuration that `text` (of the file `fileName`) and the `IMPEDANCE_*` variables make, or
 * everything that is wrong with it. Relative paths are those of the file's folder.
 */
export function loadConfig(
  text: string,
  fileName: string,
  environment: Environment,
): Result<Config, readonly ConfigError[]> {
  const document = decodeDocument(text, fileName);
  if (!document.ok) return document;

  const { value } = document.value;
  expandPadding(value);
  const overrides = applyEnvironment(value, configSchema(), environment);
  const originOf = (path: Path, target: Fault["target"]): Origin => {
    const variable = overridingVariable(overrides.variables, path);
    if (variable !== undefined) return { kind: "variable", name: variable };
    return document.value.originOf(path, target);
  };

  const folder = dirname(resolve(fileName));
  const subjectKey = loadSecret(value, SUBJECT_KEY, folder, environment);
  const aliasKey = loadSecret(value, ALIAS_KEY, folder, environment);
  const signingKey = loadSecret(value, SIGNING_KEY, folder, environment);
  const shape = validateShape(value);
  const secrets = [...subjectKey.faults, ...aliasKey.faults, ...signingKey.faults];
  const faults = firstOfEachPath([...shape, ...validateMeaning(value), ...secrets]);
  const errors = [...overrides.errors, ...faults.map((fault) => locate(fault, originOf))];
  if (errors.length > 0) return err(errors.sort(byPlace));

  return ok(
    buildConfig(value as RawConfig, {
      file: resolve(fileName),
      folder,
      subjectKey: subjectKey.secret,
      aliasKey: aliasKey.secret,
      signingKey: signingKey.secret,
    }),
  );
}

/** What holds without a file: the defaults, and the `IMPEDANCE_*` variables. */
export function defaultConfig(environment: Environment): Result<Config, readonly ConfigError[]> {
  return loadConfig("", "impedance.yaml", environment);
}

/** A reference of the wrong form is a fault of its shape, hence the pattern is not asked twice. */
function loadSecret(
  value: unknown,
  path: Path,
  folder: string,
  environment: Environment,
): { readonly secret: Secret | null; readonly faults: readonly Fault[] } {
  const reference = textAt(value, path);
  if (reference === undefined) return { secret: null, faults: [] };

  const secret = resolveSecret(reference, folder, environment);
  if (secret.ok) return { secret: secret.value, faults: [] };
  return { secret: null, faults: [{ path, target: "value", ...secret.error }] };
}

/** The variable that set `path` or the list around it. */
function overridingVariable(
  variables: ReadonlyMap<string, string>,
  path: Path,
): string | undefined {
  return variables.get(pathKey(path)) ?? variables.get(pathKey(path.slice(0, -1)));
}

function locate(
  fault: Fault,
  originOf: (path: Path, target: Fault["target"]) => ReturnType<ConfigDocument["originOf"]>,
): ConfigError {
  const { path, target, problem, remedy } = fault;
  return { origin: originOf(path, target), path: formatPath(path), problem, remedy };
}

/** One setting, one complaint: a later check would only repeat what the first has said. */
function firstOfEachPath(faults: readonly Fault[]): readonly Fault[] {
  const seen = new Set<string>();
  return faults.filter(({ path, problem }) => {
    // A map may lack several settings, and each is to be named.
    const key = problem.startsWith("lacks ") ? pathKey([...path, problem]) : pathKey(path);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** In the order of reading: the file from its top, then the variables by name. */
function byPlace(a: ConfigError, b: ConfigError): number {
  if (a.origin.kind === "variable" || b.origin.kind === "variable") {
    return nameOf(a.origin).localeCompare(nameOf(b.origin));
  }
  return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
}

/** A file sorts before any variable. */
function nameOf(origin: Origin): string {
  return origin.kind === "variable" ? printable(origin.name) : "";
}

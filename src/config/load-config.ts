import { dirname, resolve } from "node:path";

import { err, ok, type Result } from "../core/result.ts";
import { textAt } from "./access.ts";
import { buildConfig, type RawConfig, type Secrets } from "./build-config.ts";
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
import { loadReceiverSecrets, shipEntries } from "./shipping.ts";
import { otlpEntries } from "./telemetry.ts";
import { loadUpstreamSecrets } from "./upstream-secrets.ts";

/** The settings that are references to secrets. */
const SECRET_PATHS: { readonly [name in keyof Secrets]: Path } = {
  subjectKey: ["audit", "subject_key"],
  aliasKey: ["aliases", "key"],
  signingKey: ["audit", "signing_key"],
  analystKey: ["audit", "analyst_key"],
  bundleToken: ["policy", "bundle_token"],
  verificationKey: ["policy", "verification_key"],
  adminToken: ["admin_access", "token"],
  approvalToken: ["approvals", "token"],
  redisPassword: ["state", "redis", "password"],
  stateKey: ["state", "redis", "key"],
};

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
  const secrets = loadSecrets(value, folder, environment);
  const shape = validateShape(value);
  const shipping = loadReceiverSecrets(shipEntries(value), folder, environment);
  const telemetry = loadReceiverSecrets(otlpEntries(value), folder, environment);
  const upstream = loadUpstreamSecrets(value, folder, environment);
  const faults = firstOfEachPath([
    ...shape,
    ...validateMeaning(value),
    ...secrets.faults,
    ...shipping.faults,
    ...telemetry.faults,
    ...upstream.faults,
  ]);
  const errors = [...overrides.errors, ...faults.map((fault) => locate(fault, originOf))];
  if (errors.length > 0) return err(errors.sort(byPlace));

  const surroundings = {
    file: resolve(fileName),
    folder,
    secrets: secrets.secrets,
    shipSecrets: shipping.secrets,
    otlpSecrets: telemetry.secrets[0] ?? { token: null, key: null },
    upstreamSecrets: upstream.secrets,
  };
  return ok(buildConfig(value as RawConfig, surroundings));
}

/** What holds without a file: the defaults, and the `IMPEDANCE_*` variables. */
export function defaultConfig(environment: Environment): Result<Config, readonly ConfigError[]> {
  return loadConfig("", "impedance.yaml", environment);
}

function loadSecrets(
  value: unknown,
  folder: string,
  environment: Environment,
): { readonly secrets: Secrets; readonly faults: readonly Fault[] } {
  const load = (path: Path) => loadSecret(value, path, folder, environment);
  const loaded = Object.entries(SECRET_PATHS).map(([name, path]) => [name, load(path)] as const);
  return {
    // The table has every member of `Secrets`.
    secrets: Object.fromEntries(
      loaded.map(([name, { secret }]) => [name, secret]),
    ) as unknown as Secrets,
    faults: loaded.flatMap(([, { faults }]) => faults),
  };
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

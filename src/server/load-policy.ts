import { readFile } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import type { RedactSettings } from "../core/pii.ts";
import type { Clock } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { LoadedPolicy } from "../pipeline/dependencies.ts";
import { readBundle } from "../policy/bundle.ts";
import { createPolicyEngine } from "../policy/engine.ts";
import { createInputBuilder } from "../policy/input.ts";
import { type CompiledPortable, compilePortable } from "../policy/portable/compile.ts";
import { parsePortable } from "../policy/portable/parse.ts";
import type { PolicyFileError } from "../policy/portable/policy.ts";
import { packagePath } from "./package-root.ts";

/** What decides, and what decides where no rule speaks. */
export interface PolicyInForce extends LoadedPolicy {
  readonly default: "allow" | "deny";
  /** What the portable policy wants masked: the guards do it. */
  readonly redact: RedactSettings | null;
  /** Nobody wrote a policy: only the handshake, discovery and listing pass. */
  readonly isBuiltIn: boolean;
}

/** Loads the bundle and the portable policy of a configuration, or says everything that is wrong. */
export async function loadPolicy(
  config: Pick<Config, "policy" | "limits" | "servers" | "schema">,
  clock: Clock,
): Promise<Result<PolicyInForce, readonly string[]>> {
  const bundlePath = config.policy.bundle ?? packagePath("dist/policy/bundle.tar.gz");
  const [bundle, portable] = await Promise.all([
    loadBundle(bundlePath),
    config.policy.file === null ? ok(null) : loadPortable(config.policy.file),
  ]);
  if (!bundle.ok || !portable.ok) {
    return err([...(bundle.ok ? [] : bundle.error), ...(portable.ok ? [] : portable.error)]);
  }
  const compiled = portable.value?.compiled ?? null;
  const data = { schema: config.schema };
  const options = { clock, budgetMs: config.limits.policyBudgetMs, data };
  const engine = await createPolicyEngine(bundle.value, compiled, options);
  if (!engine.ok) return err([`${bundlePath}: ${engine.error.detail}`]);
  const input = createInputBuilder({
    engineRevision: engine.value.revision,
    portable: compiled,
    roots: rootsOf(config),
    clock,
  });
  return ok({
    engine: engine.value,
    input,
    default: portable.value?.default ?? "deny",
    redact: compiled?.redact ?? null,
    rejectsUnknownArguments: compiled?.rejectsUnknownArguments ?? false,
    isBuiltIn: config.policy.file === null && config.policy.bundle === null,
  });
}

async function loadBundle(path: string) {
  const bytes = await read(path);
  if (bytes === null) {
    return err([`${path}: the policy bundle cannot be read; build it with: npm run setup`]);
  }
  const bundle = await readBundle(bytes);
  return bundle.ok ? bundle : err([`${path}: ${bundle.error.detail}`]);
}

async function loadPortable(
  path: string,
): Promise<Result<{ compiled: CompiledPortable; default: "allow" | "deny" }, string[]>> {
  const bytes = await read(path);
  if (bytes === null) return err([`${path}: the policy cannot be read`]);
  const policy = parsePortable(bytes.toString("utf8"), path);
  if (!policy.ok) return err(policy.error.toSorted(byPlace).map(formatError));
  return ok({ compiled: compilePortable(policy.value), default: policy.value.default });
}

async function read(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch {
    return null;
  }
}

function rootsOf({ servers }: Pick<Config, "servers">) {
  return [...servers.values()].flatMap(({ id, roots }) =>
    [...roots].map(([name, path]) => ({ name, path, servers: [id] })),
  );
}

/** In the order of reading. */
function byPlace(a: PolicyFileError, b: PolicyFileError): number {
  return a.line - b.line || a.column - b.column;
}

function formatError({ file, line, column, path, message }: PolicyFileError): string {
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}

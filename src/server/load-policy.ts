import type { Config } from "../config/config.ts";
import type { DetectSettings } from "../core/attacks.ts";
import type { RedactSettings } from "../core/pii.ts";
import type { Clock, PolicyEngine } from "../core/ports.ts";
import { NO_POSTURE, POSTURE_PARTS, type Posture, type PosturePart } from "../core/posture.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { LoadedPolicy } from "../pipeline/dependencies.ts";
import { type Bundle, readBundle } from "../policy/bundle.ts";
import { createPolicyEngine } from "../policy/engine.ts";
import { createInputBuilder } from "../policy/input.ts";
import { isRecord } from "../policy/json.ts";
import { type CompiledPortable, compilePortable } from "../policy/portable/compile.ts";
import { parsePortable } from "../policy/portable/parse.ts";
import type { PolicyFileError } from "../policy/portable/policy.ts";
import { canRead, type Reads } from "../policy/reads.ts";
import { maskFault } from "./mask-check.ts";
import { bundlePlace, fileBytes, isUrl, type PolicyBytes, urlBytes } from "./policy-bytes.ts";
import { type BundleVoucher, createBundleVoucher } from "./posture/bundle-voucher.ts";

/** What decides, and what decides where no rule speaks. */
export interface PolicyInForce extends LoadedPolicy {
  readonly default: "allow" | "deny";
  /** What the portable policy wants masked: the guards do it. */
  readonly redact: RedactSettings | null;
  /** Where it wants attacks to be looked for: the guards do it. */
  readonly detect: DetectSettings | null;
  /** Single principals have clearances of their own. */
  readonly clearsPrincipals: boolean;
}

type PolicySettings = Pick<
  Config,
  "policy" | "limits" | "servers" | "flow" | "schema" | "inventory" | "integrity"
>;

/** Loads a policy again and again, from where a configuration says it is. */
export interface PolicyLoader {
  /** Null when nothing is new since the last call, whatever came of that. */
  load(): Promise<Result<PolicyInForce | null, readonly string[]>>;
}

/** Loads the bundle and the portable policy of a configuration, or says everything that is wrong. */
export async function loadPolicy(
  config: PolicySettings,
  clock: Clock,
): Promise<Result<PolicyInForce, readonly string[]>> {
  const loaded = await createPolicyLoader(config, clock).load();
  if (!loaded.ok) return loaded;
  if (loaded.value === null) throw new Error("what is read first is new");
  return ok(loaded.value);
}

/** `posture` is what is known of the host, for policies that read it; nothing where it is left out. */
export function createPolicyLoader(
  config: PolicySettings,
  clock: Clock,
  posture: Posture = NO_POSTURE,
): PolicyLoader {
  const place = bundlePlace(config.policy);
  const bundleBytes = bytesAt(place, config.policy);
  const vouch = createBundleVoucher(config.integrity.bundle);
  const portableBytes =
    config.policy.file === null
      ? NO_BYTES
      : fileBytes(config.policy.file, "the policy cannot be read");

  let isNews = false;
  return {
    async load() {
      const [bundle, portable] = await Promise.all([bundleBytes.read(), portableBytes.read()]);
      // News of one part stays news until the other can be read too.
      isNews ||= [bundle, portable].some((part) => part.ok && part.value?.isNews === true);
      if (bundle.ok && portable.ok) {
        if (!isNews) return ok(null);
        isNews = false;
      }
      const parts = {
        bundle: bundle.ok
          ? await readPlaced(bundle.value.bytes, place, config.policy, vouch)
          : unread(bundle),
        portable: portable.ok ? readPortable(portable.value?.bytes, config) : unread(portable),
      };
      return inForce(parts, { place, config, clock, posture });
    },
  };
}

function unread({ error }: { readonly error: string }): Result<never, readonly string[]> {
  return err([error]);
}

const NO_BYTES = { read: async () => ok(null) };

/** How long an address may take. */
const URL_DEADLINE_MS = 10_000;

function bytesAt(place: string, { bundleToken }: Config["policy"]): PolicyBytes {
  if (!isUrl(place)) {
    return fileBytes(place, "the policy bundle cannot be read; build it with: npm run setup");
  }
  return urlBytes(place, { token: bundleToken?.reveal() ?? null, deadlineMs: URL_DEADLINE_MS });
}

interface ReadParts {
  readonly bundle: Result<Bundle, readonly string[]>;
  readonly portable: Result<ReadPortable | null, readonly string[]>;
}

interface ReadPortable {
  readonly compiled: CompiledPortable;
  readonly default: "allow" | "deny";
}

interface Surroundings {
  readonly place: string;
  readonly config: PolicySettings;
  readonly clock: Clock;
  readonly posture: Posture;
}

async function inForce(
  { bundle, portable }: ReadParts,
  { place, config, clock, posture }: Surroundings,
): Promise<Result<PolicyInForce, readonly string[]>> {
  if (!bundle.ok || !portable.ok) {
    return err([...(bundle.ok ? [] : bundle.error), ...(portable.ok ? [] : portable.error)]);
  }
  const compiled = portable.value?.compiled ?? null;
  // FAIL CLOSED: a policy that forbids ways must not run where nobody looks at them.
  if (compiled?.asksForFlow === true && config.flow === "off") {
    return err(["the policy's deny_flows needs flow: auto or on"]);
  }
  const parts = partsRead(bundle.value.looks.reads, compiled);
  // FAIL CLOSED: what is to deny must not run under a policy that never asks about it.
  if (posture.denies && !parts.has("failed")) return err([`${place}: ${READS_NO_POSTURE}`]);
  const engine = await engineOf(bundle.value, compiled, config, clock);
  if (!engine.ok) return err([`${place}: ${engine.error}`]);
  const input = createInputBuilder({
    engineRevision: engine.value.revision,
    portable: compiled,
    patterns: bundle.value.patterns,
    roots: rootsOf(config),
    clock,
    ...(parts.size === 0 ? {} : { posture: posture.view(parts) }),
  });
  return ok({
    engine: engine.value,
    input,
    default: portable.value?.default ?? "deny",
    clearsPrincipals: [bundle.value.data.impedance, compiled?.data].some(clearsPrincipals),
    ...wishesOf(compiled),
    isBuiltIn: config.policy.file === null && config.policy.bundle === null,
  });
}

const READS_NO_POSTURE =
  "it does not read input.posture.failed, by which a check with on_failure: deny denies; build it with impedance policy build";

/** What is never read is never told: neither to the policy nor to the log. */
function partsRead(reads: Reads, compiled: CompiledPortable | null): ReadonlySet<PosturePart> {
  const asked: readonly PosturePart[] = compiled?.asksForPosture ?? [];
  return new Set(
    POSTURE_PARTS.filter((part) => canRead(reads, ["posture", part]) || asked.includes(part)),
  );
}

async function engineOf(
  bundle: Bundle,
  portable: CompiledPortable | null,
  { schema, limits }: PolicySettings,
  clock: Clock,
): Promise<Result<PolicyEngine, string>> {
  const options = { clock, budgetMs: limits.policyBudgetMs, data: { schema } };
  const engine = await createPolicyEngine(bundle, portable, options);
  if (!engine.ok) return err(engine.error.detail);
  const mask = maskFault(engine.value);
  return mask === null ? engine : err(mask);
}

const NO_WISHES = {
  redact: null,
  detect: null,
  rejectsUnknownArguments: false,
  asksForAliases: false,
  asksForFlow: false,
  rateLimits: [],
};

/** What a portable policy wants of the parts before it; nothing where there is none. */
function wishesOf(compiled: CompiledPortable | null) {
  if (compiled === null) return NO_WISHES;
  const { redact, detect, rejectsUnknownArguments, asksForAliases } = compiled;
  const { asksForFlow, rateLimits } = compiled;
  return { redact, detect, rejectsUnknownArguments, asksForAliases, asksForFlow, rateLimits };
}

/** Of data for `data.impedance`. */
function clearsPrincipals(data: unknown): boolean {
  const clearance = isRecord(data) ? data.clearance : undefined;
  const principals = isRecord(clearance) ? clearance.principals : undefined;
  return isRecord(principals) && Object.keys(principals).length > 0;
}

async function readPlaced(
  bytes: Uint8Array,
  place: string,
  { bundle: named, verification }: Config["policy"],
  vouch: BundleVoucher,
): Promise<Result<Bundle, readonly string[]>> {
  const fault = await vouch(bytes);
  if (fault !== null) return err([`${place}: ${fault}`]);
  // The bundle we ship came with the program: whoever can change it can change the check too.
  const isChecked = named !== null && verification !== null;
  const key = isChecked
    ? { pem: verification.key.reveal(), algorithm: verification.algorithm }
    : null;
  const bundle = await readBundle(bytes, key);
  return bundle.ok ? bundle : err([`${place}: ${bundle.error.detail}`]);
}

function readPortable(
  bytes: Uint8Array | undefined,
  { policy: { file }, inventory }: PolicySettings,
): Result<ReadPortable | null, readonly string[]> {
  if (bytes === undefined) return ok(null);
  const policy = parsePortable(Buffer.from(bytes).toString("utf8"), file ?? "");
  if (!policy.ok) return err(policy.error.toSorted(byPlace).map(formatError));
  const compiled = compilePortable(policy.value);
  // FAIL CLOSED: without an inventory no allow rule of this kind would fit, and each deny rule would.
  if (compiled.asksForInventory && inventory.file === null) {
    return err([
      `${file}: risk, classification, side_effects and clearance need an inventory.file`,
    ]);
  }
  return ok({ compiled, default: policy.value.default });
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

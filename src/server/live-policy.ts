import type { Config } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";
import type { Posture } from "../core/posture.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Inspector } from "../guard/inspect.ts";
import type { FaultListener } from "../guard/plugins/plugin.ts";
import { inspectorOf, loadGuards } from "./load-guards.ts";
import { createPolicyLoader, type PolicyInForce, type PolicyLoader } from "./load-policy.ts";

/** What decides now. Its parts belong together and are replaced in one assignment. */
export interface InForce {
  readonly policy: PolicyInForce;
  /** The guards: a portable policy says what they mask. */
  readonly inspector: Inspector;
}

/** What came of one look for a new policy. */
export type Reload =
  | { readonly kind: "unchanged" }
  | { readonly kind: "loaded"; readonly from: string; readonly to: string }
  | { readonly kind: "refused"; readonly errors: readonly string[] };

/** A policy that follows its files, or its address. */
export interface LivePolicy {
  current(): InForce;
  /** Looks now; looks never overlap. */
  reload(): Promise<Reload>;
  stop(): void;
}

export interface LiveOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** What is known of the host; absent where nobody looks. */
  readonly posture?: Posture;
  readonly onGuardFault: FaultListener;
  /** What stands against a policy beside itself; null for nothing. Absent: nothing ever does. */
  readonly objection?: (policy: PolicyInForce) => string | null;
  /** Told of every look that found something; one error is told once, for as long as it lasts. */
  readonly onReload: (reload: Exclude<Reload, { readonly kind: "unchanged" }>) => void;
}

/** Loads what a configuration names, or says everything that stands against it, and follows it. */
export async function startLivePolicy(
  options: LiveOptions,
): Promise<Result<LivePolicy, readonly string[]>> {
  const loader = createPolicyLoader(options.config, options.clock, options.posture);
  const first = await load(loader, options);
  if (!first.ok) return first;
  if (first.value === null) throw new Error("what is read first is new");
  return ok(follow(loader, first.value, options));
}

function follow(loader: PolicyLoader, first: InForce, options: LiveOptions): LivePolicy {
  const { config, onReload } = options;
  let current = first;
  let told = "";
  let look: Promise<Reload> | null = null;

  async function reloadOnce(): Promise<Reload> {
    const next = await load(loader, options);
    if (!next.ok) {
      // FAIL CLOSED: what does not load changes nothing; what was in force goes on deciding.
      const refused = { kind: "refused", errors: next.error } as const;
      const text = next.error.join("\n");
      if (text !== told) onReload(refused);
      told = text;
      return refused;
    }
    told = "";
    if (next.value === null) return { kind: "unchanged" };
    const from = current.policy.engine.revision;
    const to = next.value.policy.engine.revision;
    current = next.value;
    const loaded = { kind: "loaded", from, to } as const;
    onReload(loaded);
    return loaded;
  }

  const reload = (): Promise<Reload> => {
    look ??= reloadOnce().finally(() => {
      look = null;
    });
    return look;
  };
  const timer = setInterval(() => void reload(), config.policy.pollIntervalMs);
  timer.unref();
  return { current: () => current, reload, stop: () => clearInterval(timer) };
}

/** Null when nothing is new. */
async function load(
  loader: PolicyLoader,
  { config, clock, onGuardFault, objection }: LiveOptions,
): Promise<Result<InForce | null, readonly string[]>> {
  const policy = await loader.load();
  if (policy.ok && policy.value === null) return ok(null);
  const objected = policy.ok && policy.value !== null ? objection?.(policy.value) : null;
  if (typeof objected === "string") return err([objected]);
  const redact = policy.ok ? (policy.value?.redact ?? null) : null;
  const detect = policy.ok ? (policy.value?.detect ?? null) : null;
  const guards = await loadGuards(config, { redact, detect, only: null, onFault: onGuardFault });
  if (!policy.ok || !guards.ok || policy.value === null) {
    return {
      ok: false,
      error: [...(policy.ok ? [] : policy.error), ...(guards.ok ? [] : guards.error)],
    };
  }
  return ok({ policy: policy.value, inspector: inspectorOf(config, guards.value, clock) });
}

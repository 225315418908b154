import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventBuilder } from "../../src/audit/event.ts";
import type { Config } from "../../src/config/config.ts";
import { defaultConfig } from "../../src/config/load-config.ts";
import type { DecisionEvent } from "../../src/core/audit.ts";
import type { Exchange, Firewall, RequestHead, ResponseHead } from "../../src/core/exchange.ts";
import type { Limits } from "../../src/core/limits.ts";
import type { PolicyDecision, PolicyInput } from "../../src/core/policy.ts";
import type { Clock, Guard, PolicyEngine } from "../../src/core/ports.ts";
import type { Dependencies, LoadedPolicy } from "../../src/pipeline/dependencies.ts";
import { createFirewall } from "../../src/pipeline/firewall.ts";
import { dependenciesOf, type Parts } from "../../src/server/dependencies.ts";
import { inspectorOf, loadGuards } from "../../src/server/load-guards.ts";
import { loadPolicy } from "../../src/server/load-policy.ts";
import { silentTelemetry } from "../../src/server/system.ts";
import { checkEvent } from "../support/decision-event.ts";

/**
 * Lets every tool be called, and names one that may not be; the constraint holds for every call,
 * but the rule is not about the tool as such, so that it stays in the listing.
 */
export const USUAL_POLICY = `
policy_id: golden
version: "1.0"
default: deny
allow_rules:
  - tool: "*"
  - method: resources/read
  - method: prompts/get
deny_rules:
  - tool: shell
    reason: Shells are not for agents.
    constraints: { command: { max_length: 65536 } }
`;

export interface DataPathOptions {
  /** Where the account of who came goes; nowhere if absent. */
  readonly auth?: Parts["auth"];
  /** A portable policy as YAML; null for none. */
  readonly policy?: string | null;
  readonly denial?: Config["denial"];
  readonly disclose?: Config["disclose"];
  readonly annotate?: boolean;
  readonly limits?: Partial<Limits>;
  /** Other settings than the usual. */
  readonly config?: Partial<Config>;
  readonly moreGuards?: readonly Guard[];
  /** Has the last word on what the real policy decided. */
  readonly decide?: (decision: PolicyDecision, input: PolicyInput) => PolicyDecision;
  readonly dependencies?: (real: Dependencies) => Dependencies;
}

/**
 * The data path of the service without a network: real guards, the real policy bundle, the real
 * pipeline. Time stands still and decisions are numbered, so that the same input gives the same
 * bytes.
 */
export interface DataPath {
  readonly firewall: Firewall;
  readonly decisions: readonly DecisionEvent[];
  readonly revision: string;
  readonly limits: Limits;
}

const DEFAULTS = defaults();

function defaults(): Config {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  return config.value;
}

export const STILL_CLOCK: Clock = {
  now: () => Date.UTC(2026, 6, 28, 10, 0, 0, 0),
  monotonic: () => 0,
};

export async function createDataPath(options: DataPathOptions = {}): Promise<DataPath> {
  const limits = { ...DEFAULTS.limits, ...options.limits };
  const loaded = await policyOf(options.policy === undefined ? USUAL_POLICY : options.policy);
  const policy = overruled(loaded, options.decide);
  const settings = { redact: null, detect: null, only: null, onFault() {} };
  const guards = await loadGuards({ ...DEFAULTS, limits }, settings);
  if (!guards.ok) throw new Error(guards.error.join("\n"));

  const decisions: DecisionEvent[] = [];
  let numbered = 0;
  const config: Config = {
    ...DEFAULTS,
    limits,
    denial: options.denial ?? "jsonrpc",
    disclose: options.disclose ?? "full",
    annotate: options.annotate ?? false,
    padding: { scheme: { kind: "off" }, jitterMaxMs: 0 },
    ...options.config,
  };
  const all = [...guards.value, ...(options.moreGuards ?? [])];
  const inForce = { policy, inspector: inspectorOf(config, all, STILL_CLOCK) };
  const wired = dependenciesOf(config, {
    inForce: () => inForce,
    clock: STILL_CLOCK,
    telemetry: silentTelemetry,
    auth: options.auth ?? (() => ({ record: () => true })),
    audit: {
      record: (event) => {
        checkEvent(event);
        decisions.push(event);
        return true;
      },
      omit: () => true,
    },
  });
  const real: Dependencies = {
    ...wired,
    identifiers: {
      decisionId: () => {
        numbered += 1;
        return `decision-${numbered}`;
      },
    },
    events: createEventBuilder({
      clock: STILL_CLOCK,
      labels: {},
      subjectKey: Buffer.from("a key for tests only"),
    }),
  };
  const dependencies = options.dependencies?.(real) ?? real;
  return {
    firewall: createFirewall(dependencies),
    decisions,
    revision: policy.engine.revision,
    limits,
  };
}

/** Of a POST by a client of 2025-11-25, unless told otherwise. */
export function headOf(parts: {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly server?: string | null;
}): RequestHead {
  return {
    method: parts.method ?? "POST",
    path: parts.path ?? "/mcp",
    headers: new Map(Object.entries(parts.headers ?? JSON_POST)),
    server: parts.server === undefined ? "files" : parts.server,
    source: { ip: "127.0.0.1", spiffe: null },
    requestId: "request-1",
  };
}

export const JSON_POST = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2025-11-25",
} as const;

export function answerHead(
  status: number,
  headers: { readonly [name: string]: string } = { "content-type": "application/json" },
): ResponseHead {
  return { status, headers: new Map(Object.entries(headers)) };
}

/** An exchange whose request has been let through. */
export async function sent(
  { firewall }: DataPath,
  body: string | object,
  head: RequestHead = headOf({}),
): Promise<Exchange> {
  const exchange = firewall.open(head);
  const first = await exchange.requestHead();
  if (first.kind === "deny") throw new Error(`the head was denied: ${reasonsOf(first)}`);
  const verdict = await exchange.request(bytesOf(body));
  if (verdict.kind === "deny") throw new Error(`the request was denied: ${reasonsOf(verdict)}`);
  return exchange;
}

export function bytesOf(body: string | object): Uint8Array {
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function reasonsOf({ denial }: { denial: { metadata: { reasons: readonly string[] } } }): string {
  return denial.metadata.reasons.join(", ");
}

const policies = new Map<string | null, Promise<LoadedPolicy>>();

/** Compiling takes a while, and a policy does not change. */
function policyOf(text: string | null): Promise<LoadedPolicy> {
  const known = policies.get(text) ?? readPolicy(text);
  policies.set(text, known);
  return known;
}

async function readPolicy(text: string | null): Promise<LoadedPolicy> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-policy-"));
  try {
    const file = text === null ? null : join(folder, "policy.yaml");
    if (file !== null && text !== null) await writeFile(file, text);
    const settings = { ...DEFAULTS, policy: { ...DEFAULTS.policy, file } };
    const loaded = await loadPolicy(settings, STILL_CLOCK);
    if (!loaded.ok) throw new Error(loaded.error.join("\n"));
    return loaded.value;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function overruled(policy: LoadedPolicy, decide: DataPathOptions["decide"]): LoadedPolicy {
  if (decide === undefined) return policy;
  const engine: PolicyEngine = {
    revision: policy.engine.revision,
    decide: (input) => {
      const decision = policy.engine.decide(input);
      return decision.ok ? { ok: true, value: decide(decision.value, input) } : decision;
    },
  };
  return { ...policy, engine };
}

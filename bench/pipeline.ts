import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { encodeDecision } from "../src/audit/records.ts";
import type { Config } from "../src/config/config.ts";
import { loadConfig } from "../src/config/load-config.ts";
import type { Firewall, RequestHead } from "../src/core/exchange.ts";
import type { Dependencies } from "../src/pipeline/dependencies.ts";
import { createFirewall } from "../src/pipeline/firewall.ts";
import { dependenciesOf } from "../src/server/dependencies.ts";
import { inspectorOf, loadGuards } from "../src/server/load-guards.ts";
import { loadPolicy } from "../src/server/load-policy.ts";
import { systemClock } from "../src/server/system.ts";
import { LISTED_TOOLS, TOOL } from "./traffic.ts";

/** Where the time goes, in the order of the pipeline. */
export const PHASES = ["read", "guard", "policy", "enforce", "record"] as const;
export type Phase = (typeof PHASES)[number];

/** Milliseconds of one exchange. */
export interface Cost {
  readonly phases: { readonly [phase in Phase]: number };
  readonly all: number;
}

export interface BenchFirewall {
  /** Sends one exchange through; throws unless both pass without an edit. */
  pass(bodies: { readonly request: Uint8Array; readonly response: Uint8Array }): Promise<Cost>;
}

/** The pipeline as `serve` wires it, with a stopwatch where its telemetry goes. */
export async function createBenchFirewall(change: Change = (real) => real): Promise<BenchFirewall> {
  const phases = noPhases();
  const firewall = createFirewall(change(await createDependencies(phases)));
  return {
    pass: async ({ request, response }) => {
      for (const phase of PHASES) phases[phase] = 0;
      const start = performance.now();
      const passed = await exchange(firewall, request, response);
      const all = performance.now() - start;
      if (!passed) throw new Error("the exchange was changed or refused");
      return { phases: { ...phases }, all };
    },
  };
}

/** The same, to stand behind a server; with the default configuration but for `settings`. */
export async function createPipeline(change: Change, settings: object = {}): Promise<Firewall> {
  return createFirewall(change(await createDependencies(noPhases(), settings)));
}

function noPhases(): { [phase in Phase]: number } {
  return { read: 0, guard: 0, policy: 0, enforce: 0, record: 0 };
}

/** Another part in the place of one that is wired. */
type Change = (real: Dependencies) => Dependencies;

const PATIENCE_MS = 30_000;

const HEAD: RequestHead = {
  method: "POST",
  path: "/mcp",
  headers: new Map([
    ["content-type", "application/json"],
    ["accept", "application/json, text/event-stream"],
    ["mcp-protocol-version", "2025-11-25"],
    ["user-agent", "bench"],
  ]),
  server: "bench",
  source: { ip: "127.0.0.1", spiffe: null },
  requestId: "11111111-2222-3333-4444-555555555555",
};

const RESPONSE_HEAD = { status: 200, headers: new Map([["content-type", "application/json"]]) };

async function exchange(firewall: Firewall, request: Uint8Array, response: Uint8Array) {
  const opened = firewall.open(HEAD);
  const head = await opened.requestHead();
  const there = await opened.request(request);
  const responseHead = opened.responseHead(RESPONSE_HEAD);
  const back = await opened.response(response);
  opened.close();
  const collected = head.kind === "collect" && responseHead.kind === "collect";
  const forwarded = there.kind === "forward" && back.kind === "forward";
  return collected && forwarded && !there.isEdited && !back.isEdited;
}

async function createDependencies(
  phases: { [phase in Phase]: number },
  settings: object = {},
): Promise<Dependencies> {
  const loaded = loadConfig(JSON.stringify(settings), "impedance.yaml", {});
  if (!loaded.ok) throw new Error("the configuration is wrong");
  const config = patient(loaded.value);
  const guards = await loadGuards(config, {
    ...{ redact: null, detect: null, only: null },
    onFault() {},
  });
  if (!guards.ok) throw new Error(guards.error.join("\n"));
  const policy = await loadBenchPolicy(config);

  let recordStarted = 0;
  const inspector = inspectorOf(config, guards.value, systemClock);
  const inForce = { policy, inspector };
  const wired = dependenciesOf(config, {
    inForce: () => inForce,
    clock: systemClock,
    auth: () => ({ record: () => true }),
    audit: {
      record: (event) => {
        const written = encodeDecision(event).length > 0;
        phases.record += performance.now() - recordStarted;
        return written;
      },
      omit: () => true,
    },
    telemetry: {
      decided: () => undefined,
      found: () => undefined,
      phase: (phase, seconds) => {
        if (isPhase(phase)) phases[phase] += seconds * 1_000;
      },
      exchange: () => undefined,
      limited: () => undefined,
    },
  });
  // Recording begins with the event and ends with the log.
  const { events } = wired;
  const draft: typeof events.draft = (facts) => {
    recordStarted = performance.now();
    return events.draft(facts);
  };
  return { ...wired, events: { ...events, draft } };
}

/** A machine that has much to do is slow, and its answers are right all the same. */
export function patient(config: Config): Config {
  const budgets = { guardBudgetMs: PATIENCE_MS, policyBudgetMs: PATIENCE_MS };
  return { ...config, limits: { ...config.limits, ...budgets } };
}

async function loadBenchPolicy(config: Parameters<typeof loadPolicy>[0]) {
  const rules = {
    policy_id: "bench",
    version: "1",
    default: "deny",
    allow_rules: [{ tool: TOOL }, { tool: LISTED_TOOLS }],
  };
  const policy = await withPolicyFile(rules, (file) =>
    loadPolicy({ ...config, policy: { ...config.policy, file } }, systemClock),
  );
  if (!policy.ok) throw new Error(policy.error.join("\n"));
  return policy.value;
}

/** With a portable policy in a file, which is gone afterwards. */
export async function withPolicyFile<T>(
  rules: object,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-bench-"));
  try {
    const file = join(folder, "policy.yaml");
    await writeFile(file, JSON.stringify(rules));
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isPhase(name: string): name is Phase {
  return PHASES.some((phase) => phase === name);
}

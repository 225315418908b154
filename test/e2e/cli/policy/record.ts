import { createAnalystSeal } from "../../../../src/audit/analyst.ts";
import { defaultConfig } from "../../../../src/config/load-config.ts";
import type { Direction } from "../../../../src/core/message.ts";
import type { Principal } from "../../../../src/core/policy.ts";
import { dependenciesOf } from "../../../../src/server/dependencies.ts";
import { inspectorOf, loadGuards } from "../../../../src/server/load-guards.ts";
import { loadPolicy } from "../../../../src/server/load-policy.ts";
import { SOME_CALL } from "../../../../src/server/scanner.ts";
import { silentTelemetry, systemClock } from "../../../../src/server/system.ts";
import { tryOut } from "../../../../src/server/workbench/trial.ts";

export interface RecordOptions {
  readonly direction?: Direction;
  readonly principal?: Partial<Principal>;
  /** An analyst's public key, for whom arguments are kept. */
  readonly analystKey?: string;
}

/** The lines that the decision log gets of these messages, masked as in production. */
export async function recordDecisions(
  policyFile: string,
  server: string,
  messages: readonly object[],
  { direction = "request", principal = {}, analystKey }: RecordOptions = {},
): Promise<readonly string[]> {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const settings = { ...config.value, policy: { ...config.value.policy, file: policyFile } };
  const policy = await loadPolicy(settings, systemClock);
  const guards = await loadGuards(settings, {
    redact: null,
    detect: null,
    only: null,
    onFault() {},
  });
  if (!policy.ok || !guards.ok) throw new Error("the policy and the guards load");
  const inspector = inspectorOf(settings, guards.value, systemClock);
  const inForce = { policy: policy.value, inspector };
  const lines: string[] = [];
  const analyst = analystKey === undefined ? null : createAnalystSeal(Buffer.from(analystKey));
  if (analyst?.ok === false) throw new Error(analyst.error);
  const dependencies = dependenciesOf(settings, {
    inForce: () => inForce,
    audit: {
      record: (event) =>
        lines.push(JSON.stringify({ kind: "decision", seq: lines.length + 1, ...event })) > 0,
      omit: () => true,
    },
    telemetry: silentTelemetry,
    auth: () => ({ record: () => true }),
    clock: systemClock,
    analyst: analyst?.value ?? null,
  });
  for (const message of messages) {
    tryOut(
      {
        direction,
        server,
        principal: {
          id: "ana",
          kind: "user",
          roles: [],
          scopes: [],
          claims: {},
          authenticated_by: "jwt",
          ...principal,
        },
        source: { ip: null, spiffe: null, user_agent: null },
        sessionId: null,
        request: SOME_CALL,
        body: Buffer.from(JSON.stringify(message)),
      },
      dependencies,
    );
  }
  return lines;
}

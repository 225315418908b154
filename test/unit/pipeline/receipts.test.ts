import { expect, test } from "vitest";
import { createEventBuilder } from "../../../src/audit/event.ts";
import { createCatalogue } from "../../../src/catalogue/memory.ts";
import { createPins } from "../../../src/catalogue/pins.ts";
import type { DecisionEvent } from "../../../src/core/audit.ts";
import { NO_GATEKEEPER } from "../../../src/core/identity.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { SESSION_DEFAULTS } from "../../../src/core/session.ts";
import { createInspector } from "../../../src/guard/inspect.ts";
import { createPiiGuard } from "../../../src/guard/pii/pii.ts";
import { createSecretsGuard } from "../../../src/guard/secrets/secrets.ts";
import { createAnonymousIdentity } from "../../../src/identity/anonymous.ts";
import type { Dependencies } from "../../../src/pipeline/dependencies.ts";
import { createDoorkeeper } from "../../../src/pipeline/doorkeeper.ts";
import { judge } from "../../../src/pipeline/judge.ts";
import { readRequest } from "../../../src/pipeline/reading.ts";
import { sceneOf } from "../../../src/pipeline/scene.ts";
import { createSights } from "../../../src/pipeline/sights.ts";
import { createSchemaJudge } from "../../../src/schema/judge.ts";
import { randomIdentifiers, systemClock } from "../../../src/server/system.ts";
import { createSessionBook } from "../../../src/state/sessions.ts";
import { CANARIES } from "../../support/canaries.ts";

const PII = createPiiGuard(
  {
    enabled: true,
    request: true,
    response: true,
    kinds: ["email", "card"],
    denyKeys: ["pin"],
    servers: new Map(),
  },
  null,
);
const NO_LOG = { record: () => true };
const HEAD = {
  method: "POST",
  path: "/",
  headers: new Map<string, string>(),
  server: "crm",
  source: { ip: null, spiffe: null },
  requestId: null,
};

/** The events of one tool call with these arguments, as the log would take them. */
async function eventsOf(args: unknown): Promise<readonly DecisionEvent[]> {
  const events: DecisionEvent[] = [];
  const identity = createAnonymousIdentity();
  const catalogue = createCatalogue();
  const dependencies: Dependencies = {
    limits: DEFAULT_LIMITS,
    clock: systemClock,
    identifiers: randomIdentifiers,
    identity,
    gatekeeper: NO_GATEKEEPER,
    upstream: { replace: () => ({ set: [], remove: [] }) },
    jitter: { wait: async () => undefined },
    inspector: createInspector([createSecretsGuard(), PII], { clock: systemClock, budgetMs: 500 }),
    names: null,
    paths: {
      viewOf: () => null,
      obligedViewOf: () => null,
      readingViewOf: () => null,
      scopeOf: () => ({ id: "", key: new Uint8Array(32) }),
      contentsOf: () => "alias",
      isOutOfReach: () => false,
    },
    catalogue,
    pins: createPins({ catalogue, inventory: null, modeOf: () => "observe" }),
    sights: createSights(),
    doorkeeper: createDoorkeeper({ hosts: null, origins: [] }),
    schemas: createSchemaJudge(),
    flow: null,
    failures: null,
    rates: null,
    policy: () => null,
    sessions: createSessionBook({ clock: systemClock, log: NO_LOG, ...SESSION_DEFAULTS }),
    auth: NO_LOG,
    events: createEventBuilder({ clock: systemClock, labels: {}, subjectKey: new Uint8Array(32) }),
    audit: { record: (event) => events.push(event) > 0, omit: () => true },
    telemetry: { decided() {}, found() {}, phase() {}, exchange() {}, limited() {} },
    settings: () => ({
      denial: "jsonrpc",
      disclose: "full",
      annotate: false,
      responseHeadDeadlineMs: 1,
      padding: { kind: "off" },
      jitterMaxMs: 0,
      filterLists: true,
      hideNames: true,
      schema: { arguments: "report", results: "report" },
      toolLimits: () => ({ argumentsMaxBytes: null, resultMaxBytes: null, timeoutMs: null }),
    }),
  };
  const known = await identity.identify(HEAD);
  if (known.kind === "refused") throw new Error("nobody may call");
  const params = { name: "send", arguments: args };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const scene = sceneOf(HEAD, "request", "crm", known.principal);
  judge(Buffer.from(body), readRequest(HEAD.headers, DEFAULT_LIMITS), scene, dependencies);
  return events;
}

test("each edit is one entry of the decision log: pointer, rule, action, length", async () => {
  const token = CANARIES["platform token"];
  const text = `ana@example.com and bo@example.org, ${token}`;
  const [event] = await eventsOf({ text, pin: "1234", card: 4111111111111111 });
  const at = (name: string) => `/params/arguments/${name}`;
  expect(event?.edits).toEqual([
    { pointer: at("text"), rule: "secrets/github-token", action: "redacted", length: 40 },
    { pointer: at("text"), rule: "pii/email", action: "redacted", length: 15 },
    { pointer: at("text"), rule: "pii/email", action: "redacted", length: 14 },
    { pointer: at("pin"), rule: "pii/deny_key", action: "redacted", length: 4 },
  ]);
  expect(event?.findings).toContainEqual(
    expect.objectContaining({ guard: "pii", kind: "card", action: "found", at: at("card") }),
  );
  expect(JSON.stringify(event)).not.toMatch(/example\.com|example\.org|ghp_|1234|4111/);
});

test("what was left alone has no entry", async () => {
  const [event] = await eventsOf({ text: "nothing to see" });
  expect(event?.edits).toEqual([]);
});

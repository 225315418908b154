import type { DecisionFacts } from "../../../src/audit/event.ts";
import { NO_TOOL_FACTS } from "../../../src/core/inventory.ts";
import type { PolicyInput } from "../../../src/core/policy.ts";

/** A clock that stands still. */
export const CLOCK = { now: () => Date.UTC(2026, 6, 28, 10, 0, 1, 234), monotonic: () => 0 };

export const SUBJECT_KEY = new TextEncoder().encode("a key for tests only");

/** A `tools/call` on the server `files`, plain in every field. */
export function exampleInput(): PolicyInput {
  return {
    v: 1,
    phase: "request",
    facts: { complete: true, policy: "sha256:abc" },
    message: {
      kind: "request",
      method: "tools/call",
      tool: "read_file",
      prompt: null,
      arguments: { path: "/etc/passwd!" },
      truncated: [],
      bytes: 412,
      revision: "2025-11-25",
    },
    resource: { uri: null, scheme: null, ext: null },
    item: null,
    result: null,
    rules: [{ rule: "allow/0", fit: true, failed: [] }],
    patterns: {},
    paths: [],
    findings: [],
    strings: { longest: 12, max_entropy: 0, raw_paths: 1, aliases: null },
    server: { id: "files" },
    tool: NO_TOOL_FACTS,
    principal: {
      id: "anonymous@files",
      kind: "anonymous",
      roles: [],
      scopes: [],
      claims: {},
      authenticated_by: "none",
    },
    client: { name: "cli", version: "1.0.0" },
    session: { id: null, age_s: null, calls: null, denied: null, trust: null, threat: null },
    source: { ip: "10.0.0.1", spiffe: null, user_agent: "node" },
    limits: {},
    grants: [],
    flow: [],
    posture: {},
    provenance: { "message.tool": "MCP_REQUEST" },
    time: { epoch_ms: 1, weekday: 2, hour: 10, minute: 0, zone: "UTC" },
  };
}

export function exampleFacts(input: PolicyInput | null = exampleInput()): DecisionFacts {
  return {
    decisionId: "d-1",
    input,
    server: "files",
    policyRevision: "sha256:abc",
    decision: { allow: true, reasons: [] },
    findings: [],
    edits: [],
    requestId: "11111111-2222-3333-4444-555555555555",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    metrics: { timer_impedance_policy_ns: 5200 },
  };
}

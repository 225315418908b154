import { expect, test } from "vitest";

import { createMetrics, type Metrics } from "../../../src/telemetry/metrics.ts";

/** The samples of one metric, without those of other metrics and without comments. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.render();
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

function call(metrics: Metrics, tool: string | null, allow = true, codes: string[] = []): void {
  const reasons = codes.map((code) => ({ code }));
  metrics.decided({ server: "s", method: "tools/call", tool, allow, reasons, shadow: [] });
}

test("a decision is counted by tool, method and status, and a denial by each of its reasons", async () => {
  const metrics = createMetrics({ version: "1" });
  call(metrics, "read");
  call(metrics, "read");
  call(metrics, "write", false, ["tool_banned", "no_rule"]);
  metrics.decided({
    server: "s",
    method: null,
    tool: null,
    allow: true,
    reasons: [{ code: "unused" }],
    shadow: [],
  });

  expect(await samples(metrics, "mcp_invocations_total")).toEqual([
    'mcp_invocations_total{tool="read",method="tools/call",status="allow"} 2',
    'mcp_invocations_total{tool="write",method="tools/call",status="deny"} 1',
    'mcp_invocations_total{tool="",method="",status="allow"} 1',
  ]);
  expect(await samples(metrics, "mcp_denied_total")).toEqual([
    'mcp_denied_total{reason="tool_banned"} 1',
    'mcp_denied_total{reason="no_rule"} 1',
  ]);
  expect(await samples(metrics, "mcp_would_deny_total")).toEqual([]);
});

test("what rules in shadow would have denied is counted apart from denials", async () => {
  const metrics = createMetrics({ version: "1" });
  const decided = { server: "s", method: "tools/call", tool: "read", reasons: [] };
  const [entropy, rule] = [{ code: "high_entropy" }, { code: "not_allowed" }];
  metrics.decided({ ...decided, allow: true, shadow: [entropy, rule] });
  metrics.decided({ ...decided, allow: false, shadow: [entropy] });
  expect(await samples(metrics, "mcp_would_deny_total")).toEqual([
    'mcp_would_deny_total{reason="high_entropy"} 2',
    'mcp_would_deny_total{reason="not_allowed"} 1',
  ]);
  expect(await samples(metrics, "mcp_denied_total")).toEqual([]);
});

test("tools beyond the bound are counted together", async () => {
  const metrics = createMetrics({ version: "1", toolsMax: 2 });
  for (const tool of ["a", "b", "c", "d", "a"]) call(metrics, tool);
  expect(await samples(metrics, "mcp_invocations_total")).toEqual([
    'mcp_invocations_total{tool="a",method="tools/call",status="allow"} 2',
    'mcp_invocations_total{tool="b",method="tools/call",status="allow"} 1',
    'mcp_invocations_total{tool="other",method="tools/call",status="allow"} 2',
  ]);
});

test("invented tools that are denied leave room for real ones", async () => {
  const metrics = createMetrics({ version: "1", toolsMax: 4 });
  for (let index = 0; index < 100; index++) call(metrics, `invented_${index}`, false);
  call(metrics, "real");
  expect(await samples(metrics, "mcp_invocations_total")).toContain(
    'mcp_invocations_total{tool="real",method="tools/call",status="allow"} 1',
  );
});

test.each([
  { tool: 'a"} 1', label: "other" },
  { tool: "a\nb", label: "other" },
  { tool: "a".repeat(129), label: "other" },
  { tool: "a".repeat(128), label: "a".repeat(128) },
  { tool: "get_user.v2/x", label: "get_user.v2/x" },
])("the tool $tool has the label $label", async ({ tool, label }) => {
  const metrics = createMetrics({ version: "1" });
  call(metrics, tool);
  expect(await samples(metrics, "mcp_invocations_total")).toEqual([
    `mcp_invocations_total{tool="${label}",method="tools/call",status="allow"} 1`,
  ]);
});

test.each([
  { method: "tools/list", label: "tools/list" },
  { method: "tools/lists", label: "other" },
  { method: "constructor", label: "other" },
  { method: null, label: "" },
])("the method $method has the label “$label”", async ({ method, label }) => {
  const metrics = createMetrics({ version: "1" });
  metrics.exchange("s", method, null, 0.02);
  expect(await samples(metrics, "mcp_invocation_duration_seconds_count")).toEqual([
    `mcp_invocation_duration_seconds_count{method="${label}"} 1`,
  ]);
});

test("findings, phases, streams and failures of the log are counted", async () => {
  const metrics = createMetrics({ version: "1.2.3" });
  metrics.found("secrets", "jwt", "redacted");
  metrics.found("secrets", "jwt", "redacted");
  metrics.found("secrets", "jwt", "leaked");
  metrics.phase("policy", 0.00002);
  metrics.streamOpened();
  metrics.streamOpened();
  metrics.streamClosed();
  metrics.auditFailed();

  expect(await samples(metrics, "impedance_findings_total")).toEqual([
    'impedance_findings_total{guard="secrets",kind="jwt",action="redacted"} 2',
    'impedance_findings_total{guard="secrets",kind="jwt",action="other"} 1',
  ]);
  const buckets = await samples(metrics, "impedance_phase_duration_seconds_bucket");
  expect(buckets[0]).toMatch(/le="0.00001",phase="policy"} 0$/);
  expect(buckets[1]).toMatch(/le="0.000025",phase="policy"} 1$/);
  expect(await samples(metrics, "impedance_streams_open")).toEqual(["impedance_streams_open 1"]);
  expect(await samples(metrics, "impedance_audit_failures_total")).toEqual([
    "impedance_audit_failures_total 1",
  ]);
  expect(await samples(metrics, "impedance_build_info")).toEqual([
    `impedance_build_info{version="1.2.3",node="${process.version}"} 1`,
  ]);
  expect(await samples(metrics, "process_resident_memory_bytes")).toHaveLength(1);
});

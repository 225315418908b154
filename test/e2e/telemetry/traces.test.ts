/** Spans as a real OpenTelemetry collector takes them, beside those of a real Envoy. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { CANARIES } from "../../support/canaries.ts";
import { call } from "../../support/client.ts";
import {
  attributesOf,
  type Collector,
  OTELCOL,
  type ReceivedSpan,
  startCollector,
} from "../../support/collector.ts";
import { freePort, type Gateway, startGateway } from "../../support/gateway.ts";
import { SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

const PAGE = readFileSync(
  fileURLToPath(new URL("../../../docs/observability.md", import.meta.url)),
  "utf8",
);
const POLICY = `
policy_id: test
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: forbidden }]
`;
const CLIENT = { trace: "4bf92f3577b34da6a3ce929d0e0e4736", span: "00f067aa0ba902b7" };
const META = { trace: "11111111111111111111111111111111", span: "2222222222222222" };
const QUERIED = { trace: "33333333333333333333333333333333", span: "4444444444444444" };
const SESSION = "3f0c5a9e-session-of-a-client";

/** What the page tells operators to put into Envoy's configuration, with this port in it. */
function fromPage(marker: string, port: number): Record<string, unknown> {
  const text = PAGE.split(`<!-- ${marker} -->\n\`\`\`yaml\n`)[1]?.split("```")[0] ?? "";
  return parse(text.replaceAll("4318", String(port)));
}

function traceparent({ trace, span }: typeof CLIENT, flags = "01"): string {
  return `00-${trace}-${span}-${flags}`;
}

function serving(collector: Collector, more = ""): string {
  return `
telemetry:
  otlp:
    url: ${collector.url}
    batch_max_ms: 20
    ${more}
`;
}

/** Our spans of one trace, the exchange first. */
function ours(collector: Collector, traceId: string): readonly ReceivedSpan[] {
  return collector
    .spans()
    .filter((span) => span.service === "impedance" && span.traceId === traceId)
    .toSorted((a, b) => b.kind - a.kind);
}

describe.skipIf(OTELCOL === null)(
  `traces (${OTELCOL ?? "skipped: there is no collector, and no Go to build it"})`,
  () => {
    let collector: Collector;
    let upstream: Upstream;
    let service: ServeProcess;
    let tracing: Gateway;
    let plain: Gateway;

    beforeAll(async () => {
      collector = await startCollector();
      upstream = await startUpstream(async ({ request, json, sse }) => {
        const { id, params } = JSON.parse(String(await request.whole));
        if (params.name !== "stream") return json(toolResult(id, `seen ${SECRET}`));
        const stream = sse();
        await stream.send(toolResult(id, "done"));
        stream.end();
      });
      service = await startServe({ config: serving(collector), policy: POLICY });
      const upstreams = [{ id: "files", url: upstream.url }];
      plain = await startGateway({ upstreams, service });
      tracing = await startGateway({
        upstreams,
        service,
        override: ({ static_resources: { listeners, clusters }, layered_runtime }) => {
          const flags = layered_runtime?.layers[0].static_layer;
          if (flags) flags["tracing.opentelemetry.flush_interval_ms"] = 50;
          const manager = listeners[0].filter_chains[0].filters[0].typed_config;
          Object.assign(manager, fromPage("envoy-tracing", collector.port));
          clusters.push(fromPage("envoy-tracing-cluster", collector.port) as never);
        },
      });
    });

    afterAll(async () => {
      await tracing.stop();
      await plain.stop();
      await service.stop();
      await upstream.stop();
      await collector[Symbol.asyncDispose]();
    });

    async function spansOf(traceId: string): Promise<readonly ReceivedSpan[]> {
      return waitFor(`spans of ${traceId}`, () => {
        const spans = ours(collector, traceId);
        return spans.length > 0 && spans;
      });
    }

    test("no span has the query of a URL, which may hold a secret", async () => {
      const headers = { traceparent: traceparent(QUERIED), "user-agent": SECRET };
      await call(tracing, { path: `/mcp?api_key=${SECRET}`, body: toolCall(8, {}), headers });
      const spans = await waitFor("Envoy's spans", () => {
        const all = collector.spans().filter(({ traceId }) => traceId === QUERIED.trace);
        return new Set(all.map(({ service: name }) => name)).size > 1 && all;
      });
      const urls = spans.map((span) => attributesOf(span)["http.url"]).filter(Boolean);
      expect(urls).toEqual(["/mcp"]);
      expect(JSON.stringify(spans)).not.toContain(SECRET);
    });

    test("an exchange is a child of Envoy's own span, in the trace of the client", async () => {
      const headers = {
        traceparent: traceparent(CLIENT),
        "mcp-session-id": SESSION,
      };
      const body = toolCall(7, { key: SECRET });
      await call(tracing, { path: "/mcp", body, headers });
      const [own, ...phases] = await spansOf(CLIENT.trace);
      const envoys = await waitFor("Envoy's spans", () => {
        const spans = collector.spans().filter((span) => span.service === "envoy");
        return spans.some(({ spanId }) => spanId === own?.parentSpanId) && spans;
      });
      const parent = envoys.find(({ spanId }) => spanId === own?.parentSpanId);
      expect(parent?.traceId).toBe(CLIENT.trace);
      expect(own).toMatchObject({ name: "tools/call echo", kind: 2 });
      expect(attributesOf(own)).toEqual({
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "echo",
        "jsonrpc.request.id": "7",
        "mcp.session.id": expect.stringMatching(/^hmac:[0-9a-f]{32}$/),
        "mcp.protocol.version": "2025-03-26",
        "http.request.method": "POST",
        "impedance.server": "files",
        "impedance.decision": "redact",
        "impedance.decision.id": expect.any(String),
      });
      const told = phases.map((span) => [
        span.name,
        attributesOf(span)["impedance.direction"],
        span.parentSpanId,
      ]);
      const all = ["read", "guard", "policy", "enforce", "record"];
      expect(told).toEqual(
        ["request", "response"].flatMap((direction) =>
          all.map((phase) => [phase, direction, own?.spanId]),
        ),
      );
      for (const { startTimeUnixNano, endTimeUnixNano } of phases) {
        expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(
          BigInt(own?.startTimeUnixNano ?? 0),
        );
        expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(own?.endTimeUnixNano ?? 0));
      }
    });

    test("the access log, the decision log and the spans name one trace and one decision", async () => {
      const client = { ...CLIENT, trace: "5bf92f3577b34da6a3ce929d0e0e4736" };
      const headers = { traceparent: traceparent(client) };
      await call(tracing, { path: "/mcp", body: toolCall(8), headers });
      const [own] = await spansOf(client.trace);
      // The log is written a little later than the span ends.
      const logged = await waitFor("both decisions", () => {
        const lines = service.decisions.map((line) => JSON.parse(line));
        const found = lines.filter(({ trace_id }) => trace_id === client.trace);
        return found.length === 2 && found;
      });
      expect(attributesOf(own)["impedance.decision.id"]).toBe(logged[0].decision_id);
      const lines = await waitFor("the access log", async () => {
        const all = await tracing.accessLog();
        const found = all.filter(({ trace_id }) => trace_id === client.trace);
        return found.length > 0 && found;
      });
      expect(lines[0]?.impedance).toMatchObject({ decision_id: logged[0].decision_id });
    });

    test("what the client did not have sampled is not told, and is on record all the same", async () => {
      const client = { ...CLIENT, trace: "6bf92f3577b34da6a3ce929d0e0e4736" };
      const headers = { traceparent: traceparent(client, "00") };
      await call(plain, { path: "/mcp", body: toolCall(9), headers });
      const next = { ...CLIENT, trace: "7bf92f3577b34da6a3ce929d0e0e4736" };
      await call(plain, {
        path: "/mcp",
        body: toolCall(10),
        headers: { traceparent: traceparent(next) },
      });
      const [own] = await spansOf(next.trace);
      expect(own?.parentSpanId).toBe(next.span);
      expect(ours(collector, client.trace)).toEqual([]);
      const logged = () => service.decisions.filter((line) => line.includes(client.trace));
      await expect.poll(logged).toHaveLength(2);
    });

    test("_meta names the parent where no header does, and a link where Envoy has a span", async () => {
      const { params, ...rest } = toolCall(11);
      const _meta = { traceparent: traceparent(META) };
      const body = { ...rest, params: { ...params, _meta } };
      await call(plain, { path: "/mcp", body });
      const [own] = await spansOf(META.trace);
      expect(own).toMatchObject({ parentSpanId: META.span });
      expect(own?.links ?? []).toEqual([]);

      const client = { ...CLIENT, trace: "8bf92f3577b34da6a3ce929d0e0e4736" };
      await call(tracing, {
        path: "/mcp",
        body,
        headers: { traceparent: traceparent(client) },
      });
      const [linked] = await spansOf(client.trace);
      expect(linked?.links).toMatchObject([{ traceId: META.trace, spanId: META.span }]);
    });

    test("a denial tells why, and nothing of what was denied", async () => {
      const client = { ...CLIENT, trace: "9bf92f3577b34da6a3ce929d0e0e4736" };
      const headers = { traceparent: traceparent(client) };
      const body = toolCall(CANARIES["platform token"], { key: SECRET }, "forbidden");
      await call(plain, { path: "/mcp", body, headers });
      const [own, ...phases] = await spansOf(client.trace);
      expect(own?.status).toMatchObject({ code: 2 });
      expect(attributesOf(own)).toMatchObject({
        "error.type": "policy_denied",
        "impedance.decision": "deny",
        "rpc.response.status_code": expect.stringMatching(/^-\d+$/),
        "jsonrpc.request.id": expect.stringMatching(/^hmac:/),
      });
      expect(phases.every((span) => attributesOf(span)["impedance.direction"] === "request")).toBe(
        true,
      );
    });

    test("a stream has the phases of its events", async () => {
      const client = { ...CLIENT, trace: "abf92f3577b34da6a3ce929d0e0e4736" };
      const headers = { traceparent: traceparent(client) };
      await call(plain, { path: "/mcp", body: toolCall(12, {}, "stream"), headers });
      const [own, ...phases] = await spansOf(client.trace);
      expect(own?.name).toBe("tools/call stream");
      expect(phases).toHaveLength(10);
    });

    test("names that are none, or look like a token, stand in no span", async () => {
      const client = { ...CLIENT, trace: "bbf92f3577b34da6a3ce929d0e0e4736" };
      const headers = { traceparent: traceparent(client) };
      for (const name of [CANARIES["plain words"], CANARIES["path under a root"]]) {
        await call(plain, { path: "/mcp", body: toolCall(13, {}, name), headers });
      }
      await call(plain, { path: "/mcp?key=canary", body: toolCall(14, {}, "x"), headers });
      await waitFor("three exchanges", () => {
        return ours(collector, client.trace).filter(({ kind }) => kind === 2).length === 3;
      });
      const text = collector.text();
      for (const secret of [...Object.values(CANARIES), SESSION])
        expect(text).not.toContain(secret);
    });

    test("metrics come too, under the names that /metrics has", async () => {
      await using metered = await startServe({
        config: serving(collector, "metrics: on\n    metrics_interval_ms: 100"),
      });
      await using gateway = await startGateway({
        upstreams: [{ id: "files", url: upstream.url }],
        service: metered,
      });
      await call(gateway, { path: "/mcp", body: toolCall(15) });
      const metric = await waitFor("the metric", () =>
        collector.metrics().find(({ name }) => name === "mcp_invocations_total"),
      );
      expect(metric).toMatchObject({
        sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: expect.anything() },
      });
      const page = await fetch(`http://127.0.0.1:${metered.adminPort}/metrics`);
      const names = [...(await page.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      const sent = new Set(collector.metrics().map(({ name }) => name));
      const histogram = collector
        .metrics()
        .find(({ name }) => name === "impedance_phase_duration_seconds");
      expect(histogram).toMatchObject({ histogram: { aggregationTemporality: 2 } });
      expect([...sent].filter((name) => !names.includes(name))).toEqual([]);
    });

    test("a collector that is away costs no call, and is told of once", async () => {
      const port = await freePort();
      await using away = await startServe({
        config: `telemetry: { otlp: { url: "http://127.0.0.1:${port}", batch_max_ms: 5 } }`,
      });
      await using gateway = await startGateway({
        upstreams: [{ id: "files", url: upstream.url }],
        service: away,
      });
      const reply = await call(gateway, { path: "/mcp", body: toolCall(16) });
      expect(reply.status).toBe(200);
      await waitFor("the failure", () => away.log.find((line) => line.includes("otlp_failed")));
      const page = await fetch(`http://127.0.0.1:${away.adminPort}/metrics`);
      expect(away.log.filter((line) => line.includes("otlp_failed"))).toHaveLength(1);
      expect(await page.text()).toMatch(/impedance_otlp_failures_total\{signal="traces"\} [1-9]/);
    });
  },
);

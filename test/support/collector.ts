import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./gateway.ts";
import { startReceiver } from "./receivers.ts";
import { findTool } from "./tool.ts";
import { waitFor } from "./wait.ts";
import { gather } from "./watch/gather.ts";

export const OTELCOL = findTool("impedance-test-otelcol", "IMPEDANCE_OTELCOL");

/** An attribute as OTLP has it. */
interface KeyValue {
  readonly key: string;
  readonly value: { readonly [kind: string]: unknown };
}

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
  /** `service.name` of who sent it. */
  readonly service: string;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly [kind: string]: unknown;
}

/** A real OpenTelemetry collector, and what it took, as it writes it down itself. */
export interface Collector extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  spans(): readonly ReceivedSpan[];
  metrics(): readonly ReceivedMetric[];
  /** All that it wrote, as text. */
  text(): string;
}

export async function startCollector(): Promise<Collector> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-collector-"));
  const port = await freePort();
  const kept = join(folder, "otlp.jsonl");
  const config = join(folder, "otelcol.yaml");
  writeFileSync(
    config,
    `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { file: { path: "${kept}" } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [file] }
    metrics: { receivers: [otlp], exporters: [file] }
`,
  );
  const receiver = startReceiver(OTELCOL ?? "", ["--config", config]);
  await waitFor("the collector", () => isOpen(port)).catch((error: unknown) => {
    throw new Error(receiver.output(), { cause: error });
  });
  const text = () => (existsSync(kept) ? readFileSync(kept, "utf8") : "");
  const requests = () =>
    text()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    text,
    spans: () => requests().flatMap(spansIn),
    metrics: () => requests().flatMap(metricsIn),
    [Symbol.asyncDispose]: async () => {
      gather("shipped", "what a collector took", Buffer.from(text()));
      await receiver.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Attributes by name, each with its value alone. */
export function attributesOf(span: ReceivedSpan | undefined): { readonly [key: string]: unknown } {
  const entries = span?.attributes?.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [];
  return Object.fromEntries(entries);
}

interface Request {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly ReceivedMetric[] }[];
  }[];
}

function spansIn({ resourceSpans = [] }: Request): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const named = resource.attributes.find(({ key }) => key === "service.name");
    const service = String(named?.value.stringValue);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
  });
}

function metricsIn({ resourceMetrics = [] }: Request): readonly ReceivedMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((each) => each.metrics),
  );
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

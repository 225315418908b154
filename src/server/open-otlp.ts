import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Delivery, TlsOptions } from "../audit/ship/destination.ts";
import { createPoster, failureOf, isSuccess, type Poster } from "../audit/ship/post.ts";
import { createShipper, type Shipper, type ShippingEvents } from "../audit/ship/shipper.ts";
import type { Config, OtlpConfig } from "../config/config.ts";
import type { Clock } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Tracer } from "../core/trace.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { OtlpResource } from "../telemetry/otlp-attributes.ts";
import type { OtlpSignal } from "../telemetry/otlp-counters.ts";
import { createTracer, encodeTraces } from "../telemetry/tracer.ts";
import { packageVersion } from "./package-root.ts";
import { tlsOf } from "./receiver-tls.ts";

/** Those who are told of each exchange, beside the decision log. */
export interface Otlp {
  /** Null where nobody wants traces. */
  readonly tracer: Tracer | null;
  /** Sends what is left for as long as the deadline lets it. */
  close(deadlineMs: number): Promise<unknown>;
}

interface Surroundings {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Nobody asked for it: nothing is held, and nothing is done. */
const NOBODY: Otlp = { tracer: null, close: () => Promise.resolve() };

const BATCH_MAX_EXCHANGES = 100;
const BATCH_MAX_BYTES = 512 * 1024;
/** Of an exchange with as many spans as one can have. */
const EXCHANGE_MAX_BYTES = 64 * 1024;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

/** Begins to send what `telemetry.otlp` asks for, or says what stands against it. */
export function openOtlp({ otlp }: Config, surroundings: Surroundings): Result<Otlp, string> {
  if (otlp === null) return ok(NOBODY);
  const tls = tlsOf(otlp, "telemetry.otlp");
  if (!tls.ok) return err(tls.error);
  const resource = { version: packageVersion(), attributes: { "host.name": hostname() } };
  const shipper = otlp.traces ? shipTraces(otlp, tls.value, resource, surroundings) : null;
  const pushed = otlp.metrics ? pushMetrics(otlp, tls.value, resource, surroundings) : null;
  return ok({
    tracer: shipper === null ? null : tracerOf(otlp, shipper, surroundings.clock),
    close: (deadlineMs) => Promise.all([shipper?.close(deadlineMs), pushed?.close(deadlineMs)]),
  });
}

function tracerOf({ rootShare }: OtlpConfig, shipper: Shipper, clock: Clock): Tracer {
  return createTracer({
    ...{ clock, rootShare, randomBytes },
    chance: Math.random,
    emit: (spans) => shipper.offer(spans),
  });
}

/** The spans of an exchange are one line of a shipper, whose buffer and patience they share. */
function shipTraces(
  otlp: OtlpConfig,
  tls: TlsOptions,
  resource: OtlpResource,
  { metrics, log }: Surroundings,
): Shipper {
  const { tracesUrl, bufferMaxExchanges } = otlp;
  const poster = posterOf(otlp, tracesUrl, tls);
  return createShipper({
    destination: {
      send: (exchanges, signal) =>
        deliver(poster, encodeTraces(exchanges, resource), signal, exchanges.length),
      close: () => poster.close(),
    },
    batchMaxEvents: BATCH_MAX_EXCHANGES,
    batchMaxBytes: BATCH_MAX_BYTES,
    batchMaxMs: otlp.batchMaxMs,
    bufferMaxEvents: bufferMaxExchanges,
    bufferMaxBytes: bufferMaxExchanges * EXCHANGE_MAX_BYTES,
    onFull: "drop",
    ...{ retryMinMs: RETRY_MIN_MS, retryMaxMs: RETRY_MAX_MS },
    events: eventsOf("traces", metrics, log),
    random: Math.random,
  });
}

/** Counted each time; in the service's log once for each spell of failing. */
function eventsOf(signal: OtlpSignal, metrics: Metrics, log: Logger): ShippingEvents {
  let isTold = false;
  return {
    shipped: (count) => metrics.otlpSent(signal, count),
    failed(code) {
      metrics.otlpFailed(signal);
      if (!isTold) log.warn("otlp_failed", { signal, reason: code });
      isTold = true;
    },
    restored() {
      isTold = false;
      log.info("otlp_restored", { signal });
    },
    dropped: (cause, count) => metrics.otlpDropped(signal, cause, count),
    filled: () => log.warn("otlp_full", { signal }),
    gap() {},
  };
}

/** What the next reading says too need not be kept: a failed one is counted, and forgotten. */
function pushMetrics(
  otlp: OtlpConfig,
  tls: TlsOptions,
  resource: OtlpResource,
  { metrics, log, clock }: Surroundings,
): { close(deadlineMs: number): Promise<void> } {
  const poster = posterOf(otlp, otlp.metricsUrl, tls);
  const abort = new AbortController();
  const events = eventsOf("metrics", metrics, log);
  const startMs = clock.now();
  let isFailing = false;
  let running: Promise<void> = Promise.resolve();

  async function push(): Promise<void> {
    const body = await metrics.encode(resource, { startMs, nowMs: clock.now() });
    const delivery = await deliver(poster, body, abort.signal, 1);
    if (delivery.kind !== "taken") events.failed(delivery.code);
    else if (isFailing) events.restored();
    if (delivery.kind === "taken") events.shipped(1);
    isFailing = delivery.kind !== "taken";
  }
  // One after the other: a collector that hangs is not asked again meanwhile.
  const next = () => {
    running = running.then(push);
    return running;
  };
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void next().finally(() => {
      isBusy = false;
    });
  }, otlp.metricsIntervalMs).unref();

  return {
    async close(deadlineMs) {
      clearInterval(timer);
      const deadline = setTimeout(() => abort.abort(), deadlineMs);
      await next();
      clearTimeout(deadline);
      poster.close();
    },
  };
}

function posterOf({ token, deadlineMs }: OtlpConfig, url: string, tls: TlsOptions): Poster {
  return createPoster({ url: new URL(url), token: token?.reveal() ?? null, tls, deadlineMs });
}

async function deliver(
  poster: Poster,
  body: string,
  signal: AbortSignal,
  count: number,
): Promise<Delivery> {
  const posted = await poster.post(body, signal);
  if (posted.kind !== "answered" || !isSuccess(posted)) return failureOf(posted);
  return { kind: "taken", rejected: Math.min(count, rejectedIn(posted.body)) };
}

/** `partialSuccess`: how many spans or points the collector will not have, now or later. */
function rejectedIn(body: string): number {
  const count = /"rejected(?:Spans|DataPoints)"\s*:\s*"?(\d{1,15})/.exec(body)?.[1];
  return Number(count ?? 0);
}

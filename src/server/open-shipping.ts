import { hostname } from "node:os";
import type { Destination } from "../audit/ship/destination.ts";
import { createOpaDestination } from "../audit/ship/opa-destination.ts";
import { createOtlpDestination } from "../audit/ship/otlp-destination.ts";
import { createShipper, type Shipper, type ShippingEvents } from "../audit/ship/shipper.ts";
import { createSyslogDestination } from "../audit/ship/syslog-destination.ts";
import type { ManagedAuditSink } from "../audit/sink.ts";
import type { LineTap } from "../audit/tap.ts";
import type { Config, ShipConfig } from "../config/config.ts";
import { ok, type Result } from "../core/result.ts";
import type { Tracer } from "../core/trace.ts";
import type { Logger } from "../telemetry/log.ts";
import { type LogSurroundings, openLog } from "./open-log.ts";
import { openOtlp } from "./open-otlp.ts";
import { packageVersion } from "./package-root.ts";
import { tlsOf } from "./receiver-tls.ts";

/** The decision log, and those to whom its lines are sent. */
export interface ShippedLog {
  /** Its `close` closes the shipping too. */
  readonly sink: ManagedAuditSink;
  /** False while a destination that is required cannot be reached. */
  readonly isReady: () => boolean;
  /** Follows exchanges for a collector; null where nobody wants that. */
  readonly tracer: Tracer | null;
  /** From now on `close` has so long for what is still to be sent. */
  readonly endWithin: (deadlineMs: number) => void;
}

/** What is left to the shipping where open exchanges have taken all of the time to drain. */
const FLUSH_MIN_MS = 1_000;

/** Opens the log with its shipping, or says what stands against it, with nothing left open. */
export async function openShippedLog(
  config: Config,
  surroundings: LogSurroundings,
  given: ManagedAuditSink | undefined,
): Promise<Result<ShippedLog, string>> {
  const otlp = openOtlp(config, surroundings);
  if (!otlp.ok) return otlp;
  const shippers = openShippers(config.audit.ship, surroundings);
  const all = shippers.ok ? shippers.value : [];
  const closeAll = (deadlineMs: number) =>
    Promise.all(
      [otlp.value, ...all.map(({ shipper }) => shipper)].map((each) => each.close(deadlineMs)),
    );
  if (!shippers.ok) {
    await closeAll(0);
    return shippers;
  }

  const opened = openLog(config, { ...surroundings, tap: tapOf(all, surroundings.tap) }, given);
  if (!opened.ok) {
    await closeAll(0);
    return opened;
  }
  const { clock } = surroundings;
  let endMs = Number.NEGATIVE_INFINITY;
  return ok({
    sink:
      all.length === 0 && config.otlp === null ? opened.value : guarded(opened.value, all, closing),
    tracer: otlp.value.tracer,
    isReady: () => all.every(({ config, shipper }) => !config.required || !shipper.isFailing),
    endWithin: (deadlineMs) => {
      endMs = clock.now() + deadlineMs;
    },
  });

  async function closing(): Promise<void> {
    await closeAll(Math.max(FLUSH_MIN_MS, endMs - clock.now()));
  }
}

interface Shipping {
  readonly config: ShipConfig;
  readonly shipper: Shipper;
}

function tapOf(all: readonly Shipping[], other: LineTap | undefined): LineTap | undefined {
  if (all.length === 0) return other;
  return (line) => {
    for (const { shipper } of all) shipper.offer(line);
    other?.(line);
  };
}

/** FAIL CLOSED, where that is asked for: what could not be sent is not decided either. */
function guarded(
  sink: ManagedAuditSink,
  all: readonly Shipping[],
  closing: () => Promise<void>,
): ManagedAuditSink {
  const strict = all.filter(({ config }) => config.onFull === "deny");
  const hasRoom = () => strict.every(({ shipper }) => !shipper.isFull);
  return {
    get healthy() {
      return sink.healthy;
    },
    get before() {
      return sink.before;
    },
    record: (event) => hasRoom() && sink.record(event),
    recordLater: (draft) => hasRoom() && sink.recordLater(draft),
    omit: () => hasRoom() && sink.omit(),
    note: (record) => sink.note(record),
    account: (record) => hasRoom() && sink.account(record),
    settled: () => sink.settled(),
    async close() {
      // First the sink: its last checkpoint is to be sent too.
      const isWhole = await sink.close();
      await closing();
      return isWhole;
    },
  };
}

function openShippers(
  configs: readonly ShipConfig[],
  surroundings: LogSurroundings,
): Result<readonly Shipping[], string> {
  const destinations: { readonly config: ShipConfig; readonly destination: Destination }[] = [];
  for (const config of configs) {
    const destination = destinationOf(config);
    if (!destination.ok) return destination;
    destinations.push({ config, destination: destination.value });
  }
  return ok(destinations.map((each) => shippingOf(each.config, each.destination, surroundings)));
}

function shippingOf(
  config: ShipConfig,
  destination: Destination,
  { metrics, log }: LogSurroundings,
): Shipping {
  const { batchMaxEvents, batchMaxBytes, batchMaxMs, bufferMaxEvents, bufferMaxBytes } = config;
  const shipper = createShipper({
    destination,
    ...{ batchMaxEvents, batchMaxBytes, batchMaxMs, bufferMaxEvents, bufferMaxBytes },
    onFull: config.onFull,
    retryMinMs: config.retryMinMs,
    retryMaxMs: config.retryMaxMs,
    events: eventsOf(config.name, metrics.shipping(config.name), log, () => shipper),
    random: Math.random,
  });
  metrics.shippingState(config.name, () => shipper);
  return { config, shipper };
}

/** Counted each time; in the service's log once for each spell of failing. */
function eventsOf(
  destination: string,
  counters: Pick<ShippingEvents, "shipped" | "dropped"> & { failed(): void },
  log: Logger,
  shipper: () => Shipper,
): ShippingEvents {
  let isTold = false;
  return {
    shipped: (lines) => counters.shipped(lines),
    failed: (code) => {
      counters.failed();
      if (isTold) return;
      isTold = true;
      log.warn("shipping_failed", { destination, reason: code, buffered: shipper().buffered });
    },
    restored: () => {
      isTold = false;
      log.info("shipping_restored", { destination, buffered: shipper().buffered });
    },
    dropped: (cause, lines) => counters.dropped(cause, lines),
    filled: () => log.error("shipping_full", { destination, buffered: shipper().buffered }),
    gap: (cause, lines, first, last) => {
      const { lane, seq: from_seq } = first;
      const to_lane = last.lane === lane ? {} : { to_lane: last.lane };
      const fields = { destination, cause, lines, lane, from_seq, ...to_lane, to_seq: last.seq };
      log.error("shipping_dropped", fields);
    },
  };
}

/** Where the lines of one entry go; the error names the setting and what is wrong with its file. */
export function destinationOf(config: ShipConfig): Result<Destination, string> {
  const tls = tlsOf(config, `audit.ship ${config.name}`);
  if (!tls.ok) return tls;
  const { receiver, deadlineMs } = config;
  if (receiver.kind === "syslog") {
    const { kind: _, tls: isTls, ...rest } = receiver;
    const connection = { tls: isTls ? tls.value : null, deadlineMs };
    const names = { hostName: hostname(), processId: process.pid };
    return ok(createSyslogDestination({ ...rest, ...connection, ...names }));
  }
  const post = {
    url: new URL(receiver.url),
    token: receiver.token?.reveal() ?? null,
    tls: tls.value,
    deadlineMs,
  };
  if (receiver.kind === "http") {
    return ok(createOpaDestination({ ...post, includesLine: receiver.includesLine }));
  }
  return ok(
    createOtlpDestination({
      ...post,
      version: packageVersion(),
      attributes: { "host.name": hostname() },
      now: Date.now,
    }),
  );
}

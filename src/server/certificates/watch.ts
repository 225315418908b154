import type { Clock } from "../../core/ports.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { LiveTls, TlsMaterial } from "../../core/tls.ts";
import type { CertificateMetrics } from "../../telemetry/certificate-metrics.ts";
import type { Logger } from "../../telemetry/log.ts";
import { type CertificateFiles, type Pair, type PairFault, readPair } from "./read-pair.ts";

/** A certificate that follows its files. */
export interface CertificateWatch extends LiveTls {
  /** Whether it can be shown to anybody now. */
  isValid(): boolean;
  /** Looks for another now; looks never overlap. */
  look(): Promise<void>;
  stop(): void;
}

export interface WatchOptions {
  /** In metrics and in the log. */
  readonly name: "grpc" | "admin";
  readonly files: CertificateFiles;
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CertificateMetrics;
}

/** What is told daily: a certificate that has an end, and how near it is. */
type Urgency = "none" | "warn" | "critical" | "ended";

const DAY_MS = 86_400_000;
const WARN_MS = 14 * DAY_MS;
const CRITICAL_MS = 7 * DAY_MS;

/**
 * Reads a certificate and follows its files; the failure is why there is none to begin with. One
 * that has ended is taken at first, as the service can tell more of it when it runs than when it
 * does not; it replaces no other.
 */
export async function watchCertificate(
  options: WatchOptions,
): Promise<Result<CertificateWatch, PairFault>> {
  const first = await readPair(options.files);
  return first.ok ? ok(follow(first.value, options)) : err(first.error);
}

function follow(first: Pair, options: WatchOptions): CertificateWatch {
  const { name, files, clock, log, metrics } = options;
  const listeners: ((material: TlsMaterial) => void)[] = [];
  let current = first;
  let told: string | null = null;
  let looking: Promise<void> | null = null;

  const isValid = (pair: Pair): boolean =>
    pair.validFromMs <= clock.now() && clock.now() < pair.validToMs;

  function refuse(fault: PairFault | "not_valid_now"): void {
    // FAIL CLOSED: what cannot be shown changes nothing. One fault is told once, while it lasts.
    if (fault === told) return;
    told = fault;
    metrics.certificateReloaded(name, "refused");
    log.error("certificate_refused", { name, fault });
  }

  async function lookOnce(): Promise<void> {
    const next = await readPair(files);
    if (!next.ok) return refuse(next.error);
    if (isSame(next.value.material, current.material)) {
      told = null;
      return;
    }
    if (!isValid(next.value)) return refuse("not_valid_now");
    told = null;
    current = next.value;
    for (const listener of listeners) listener(current.material);
    metrics.certificateReloaded(name, "loaded");
    log.info("certificate_loaded", { name, ends: dateOf(current.validToMs) });
    tellOfEnd(current, options);
  }

  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = null;
    });
    return looking;
  };
  metrics.certificateExpiry(name, () => current.validToMs - clock.now());
  if (first.clientCaValidToMs !== null) {
    metrics.certificateExpiry(`${name}_client_ca`, () => endOfCa(current) - clock.now());
  }
  tellOfEnd(current, options);
  const timers = [
    setInterval(() => void look(), options.pollIntervalMs),
    setInterval(() => tellOfEnd(current, options), DAY_MS),
  ];
  for (const timer of timers) timer.unref();
  return {
    current: () => current.material,
    onChange: (listener) => void listeners.push(listener),
    isValid: () => isValid(current),
    look,
    stop: () => timers.forEach(clearInterval),
  };
}

function tellOfEnd(pair: Pair, { name, clock, log }: WatchOptions): void {
  const ends = [
    { name, at: pair.validToMs },
    ...(pair.clientCaValidToMs === null
      ? []
      : [{ name: `${name}_client_ca`, at: pair.clientCaValidToMs }]),
  ];
  for (const end of ends) {
    const leftMs = end.at - clock.now();
    const urgency = urgencyOf(leftMs);
    if (urgency === "none") continue;
    const days = Math.floor(leftMs / DAY_MS);
    const entry = { name: end.name, urgency, days, ends: dateOf(end.at) };
    if (urgency === "warn") log.warn("certificate_expires", entry);
    else log.error(urgency === "ended" ? "certificate_expired" : "certificate_expires", entry);
  }
}

function urgencyOf(leftMs: number): Urgency {
  if (leftMs <= 0) return "ended";
  if (leftMs <= CRITICAL_MS) return "critical";
  return leftMs <= WARN_MS ? "warn" : "none";
}

function endOfCa({ clientCaValidToMs }: Pair): number {
  return clientCaValidToMs ?? Number.POSITIVE_INFINITY;
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return (
    a.certificate === b.certificate && a.key === b.key && a.clientAuthority === b.clientAuthority
  );
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

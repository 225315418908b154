import { resolve } from "node:path";
import { isRecord, valueAt } from "./access.ts";
import type { OtlpConfig } from "./config.ts";
import type { Fault, Path } from "./config-error.ts";
import { checkHttpUrl, checkTls, type ReceiverEntry, type ShipSecrets } from "./shipping.ts";

/** `telemetry.otlp` once the schema has found its shape right and filled in defaults. */
export interface RawOtlp {
  readonly url: string;
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly traces: "on" | "off";
  readonly root_share: number;
  readonly metrics: "on" | "off";
  readonly metrics_interval_ms: number;
  readonly batch_max_ms: number;
  readonly buffer_max_exchanges: number;
  readonly deadline_ms: number;
}

const AT: Path = ["telemetry", "otlp"];

/** None, or the one that is there, whatever else is wrong with it. */
export function otlpEntries(root: unknown): readonly ReceiverEntry[] {
  const entry = valueAt(root, AT);
  return isRecord(entry) ? [[AT, entry]] : [];
}

/** What the schema cannot say of `telemetry.otlp`. */
export function checkTelemetry(root: unknown): readonly Fault[] {
  return otlpEntries(root).flatMap(([path, entry]) =>
    typeof entry.url === "string"
      ? [...checkHttpUrl(path, entry.url), ...checkTls(path, entry, entry.url)]
      : [],
  );
}

/** Nothing can go wrong here: everything was checked. */
export function buildOtlp(
  raw: RawOtlp | undefined,
  { token, key }: ShipSecrets,
  folder: string,
): OtlpConfig | null {
  if (raw === undefined) return null;
  const { ca_file: ca, cert_file: certificate } = raw;
  const at = (signal: string) => new URL(`${raw.url.replace(/\/+$/, "")}/v1/${signal}`).href;
  return {
    ...{ tracesUrl: at("traces"), metricsUrl: at("metrics"), token },
    caFile: ca === undefined ? null : resolve(folder, ca),
    certificate:
      certificate === undefined || key === null
        ? null
        : { file: resolve(folder, certificate), key },
    traces: raw.traces === "on",
    rootShare: raw.root_share,
    metrics: raw.metrics === "on",
    metricsIntervalMs: raw.metrics_interval_ms,
    batchMaxMs: raw.batch_max_ms,
    bufferMaxExchanges: raw.buffer_max_exchanges,
    deadlineMs: raw.deadline_ms,
  };
}

import { resolve } from "node:path";

import type { Trust } from "../core/trust.ts";
import { textAt, valueAt } from "./access.ts";
import type { AdminAccessConfig, CertificateConfig, GrpcTlsConfig, Secret } from "./config.ts";
import type { Fault } from "./config-error.ts";

/** `admin_tls` once the schema has found its shape right and filled in defaults. */
export interface RawCertificate {
  readonly certificate_file: string;
  readonly key_file: string;
  readonly poll_interval_ms: number;
}

export interface RawGrpcTls extends RawCertificate {
  readonly client_ca_file: string;
  readonly allowed_identities: readonly string[];
}

export interface RawAdminAccess {
  readonly metrics: AdminAccessConfig["metrics"];
  readonly allowed_hosts: readonly string[];
}

export interface RawTrust {
  readonly forwarded_for_hops: number;
  readonly client_certificate_header: "on" | "off";
  readonly client_certificate_hop: number;
  readonly client_certificate_from: readonly string[];
}

export function buildCertificate(
  raw: RawCertificate | undefined,
  folder: string,
): CertificateConfig | null {
  if (raw === undefined) return null;
  return {
    certificateFile: resolve(folder, raw.certificate_file),
    keyFile: resolve(folder, raw.key_file),
    pollIntervalMs: raw.poll_interval_ms,
  };
}

export function buildGrpcTls(raw: RawGrpcTls | undefined, folder: string): GrpcTlsConfig | null {
  const certificate = buildCertificate(raw, folder);
  if (raw === undefined || certificate === null) return null;
  return {
    ...certificate,
    clientCaFile: resolve(folder, raw.client_ca_file),
    allowedIdentities: raw.allowed_identities,
  };
}

export function buildAdminAccess(raw: RawAdminAccess, token: Secret | null): AdminAccessConfig {
  return { token, metrics: raw.metrics, allowedHosts: raw.allowed_hosts };
}

export function buildTrust(raw: RawTrust): Trust {
  return {
    forwardedForHops: raw.forwarded_for_hops,
    clientCertificate:
      raw.client_certificate_header === "off"
        ? null
        : { hop: raw.client_certificate_hop, from: raw.client_certificate_from },
  };
}

/** Files of ours that no caller may be shown. */
export function transportFiles(raw: {
  readonly grpc_tls?: RawGrpcTls;
  readonly admin_tls?: RawCertificate;
}): readonly string[] {
  const pairs = [raw.grpc_tls, raw.admin_tls].filter((pair) => pair !== undefined);
  const authority = raw.grpc_tls === undefined ? [] : [raw.grpc_tls.client_ca_file];
  return [...pairs.flatMap((pair) => [pair.certificate_file, pair.key_file]), ...authority];
}

/** A header that is read from nobody would look as if it were read. */
export function checkTransport(root: unknown): readonly Fault[] {
  const path = ["trust", "client_certificate_header"];
  const from = valueAt(root, ["trust", "client_certificate_from"]);
  if (textAt(root, path) !== "on" || (Array.isArray(from) && from.length > 0)) return [];
  const problem = "is read from nobody";
  const remedy = "name who may send it in trust.client_certificate_from";
  return [{ path, target: "value", problem, remedy }];
}

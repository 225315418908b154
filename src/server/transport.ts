import type { CertificateConfig, Config } from "../config/config.ts";
import { isLoopbackHost } from "../core/address.ts";
import type { Clock } from "../core/ports.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { LiveTls } from "../core/tls.ts";
import type { GrpcTls } from "../envoy/grpc-tls.ts";
import type { AdminAccess } from "../telemetry/admin-access.ts";
import type { CertificateMetrics } from "../telemetry/certificate-metrics.ts";
import type { Logger } from "../telemetry/log.ts";
import { type CertificateFiles, type PairFault, readPair } from "./certificates/read-pair.ts";
import { type CertificateWatch, watchCertificate } from "./certificates/watch.ts";

/** How the two ports are spoken to. */
export interface Transport {
  /** Null: in the clear. */
  readonly grpcTls: GrpcTls | null;
  readonly adminTls: LiveTls | null;
  /** Codes of what keeps the service from being ready. */
  hindrances(): readonly string[];
  stop(): void;
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CertificateMetrics;
}

/** Opens what the configuration names, or says everything that stands against it. */
export async function openTransport(
  config: Config,
  surroundings: Surroundings,
): Promise<Result<Transport, readonly string[]>> {
  const errors = await transportErrors(config);
  if (errors.length > 0) return err(errors);
  const grpc = await watch("grpc", grpcFilesOf(config), config.grpcTls, surroundings);
  const admin = await watch("admin", adminFilesOf(config), config.adminTls, surroundings);
  if (isOpenToOthers(config)) {
    const remedy = "set grpc_tls, or keep the port to this machine: it is for Envoy alone";
    surroundings.log.warn("grpc_unprotected", { remedy });
  }
  const watches = [grpc, admin].filter((each) => each !== null);
  return ok({
    grpcTls: grpc === null ? null : grpcTlsOf(config, grpc, surroundings),
    adminTls: admin,
    hindrances: () => (watches.every((each) => each.isValid()) ? [] : ["certificate_expired"]),
    stop: () => {
      for (const each of watches) each.stop();
    },
  });
}

/** The part that a supervisor of workers needs: the certificate of the admin port alone. */
export async function openAdminTransport(
  config: Config,
  surroundings: Omit<Surroundings, "metrics">,
): Promise<Result<Pick<Transport, "adminTls" | "stop">, readonly string[]>> {
  const errors = await transportErrors(config);
  if (errors.length > 0) return err(errors);
  // Its expiry is told by the workers' metrics, which read the same files.
  const metrics = { certificateExpiry() {}, certificateReloaded() {}, peerRefused() {} };
  const parts = { ...surroundings, metrics: { ...metrics, adminRefused() {} } };
  const admin = await watch("admin", adminFilesOf(config), config.adminTls, parts);
  return ok({ adminTls: admin, stop: () => admin?.stop() });
}

/** What would keep `openTransport` from opening. */
export async function transportErrors(config: Config): Promise<readonly string[]> {
  const pairs = [
    ["grpc_tls", grpcFilesOf(config)],
    ["admin_tls", adminFilesOf(config)],
  ] as const;
  const errors = exposureErrors(config);
  for (const [setting, files] of pairs) {
    if (files === null) continue;
    const pair = await readPair(files);
    if (!pair.ok) errors.push(`${setting}: ${explain(pair.error)}`);
  }
  return errors;
}

/** Who may ask the admin port, as the configuration says. */
export function adminAccessOf({ adminAccess }: Config): AdminAccess {
  const { token, metrics, allowedHosts } = adminAccess;
  return { token: token?.reveal() ?? null, metrics, allowedHosts };
}

/**
 * FAIL CLOSED: beyond this machine metrics, and what operators may do, are for those with the
 * token, and the token is not for those who listen on the way.
 */
function exposureErrors({ admin, adminTls, adminAccess }: Config): string[] {
  if (isLoopbackHost(admin.host)) return [];
  const lacking = [
    ...(adminAccess.token === null ? ["admin_access.token"] : []),
    ...(adminTls === null ? ["admin_tls"] : []),
  ];
  if (lacking.length === 0) return [];
  const settings = lacking.join(" and ");
  return [`admin: beyond this machine it needs ${settings}; or listen on 127.0.0.1`];
}

function isOpenToOthers({ grpc, grpcTls }: Config): boolean {
  return grpcTls === null && grpc.kind === "tcp" && !isLoopbackHost(grpc.host);
}

async function watch(
  name: "grpc" | "admin",
  files: CertificateFiles | null,
  config: CertificateConfig | null,
  surroundings: Surroundings,
): Promise<CertificateWatch | null> {
  if (files === null || config === null) return null;
  const { pollIntervalMs } = config;
  const watching = await watchCertificate({ name, files, pollIntervalMs, ...surroundings });
  if (!watching.ok) throw new Error("a certificate was good a moment ago");
  return watching.value;
}

function grpcTlsOf(config: Config, live: LiveTls, { metrics }: Surroundings): GrpcTls {
  const allowedIdentities = config.grpcTls?.allowedIdentities ?? [];
  return { live, allowedIdentities, onRefused: () => metrics.peerRefused() };
}

function grpcFilesOf({ grpcTls }: Config): CertificateFiles | null {
  if (grpcTls === null) return null;
  const { certificateFile, keyFile, clientCaFile } = grpcTls;
  return { certificateFile, keyFile, clientCaFile };
}

function adminFilesOf({ adminTls }: Config): CertificateFiles | null {
  if (adminTls === null) return null;
  const { certificateFile, keyFile } = adminTls;
  return { certificateFile, keyFile, clientCaFile: null };
}

function explain(fault: PairFault): string {
  return EXPLANATIONS[fault];
}

const EXPLANATIONS: { readonly [fault in PairFault]: string } = {
  certificate_unreadable: "certificate_file cannot be read",
  key_unreadable: "key_file cannot be read",
  client_ca_unreadable: "client_ca_file cannot be read",
  certificate_broken: "certificate_file holds no certificate (PEM), or a broken one",
  key_broken: "key_file holds no private key (PEM, without a password)",
  client_ca_broken: "client_ca_file holds no certificate (PEM), or a broken one",
  key_of_another: "key_file holds the key of another certificate",
  tls_refuses: "TLS cannot be spoken with this certificate; its key may be too short",
};

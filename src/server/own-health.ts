import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Endpoint } from "../core/address.ts";
import { err, ok, type Result } from "../core/result.ts";
import { askHealth, type HealthAnswer, type HealthTls } from "../envoy/health-client.ts";
import { grpcAddress } from "./ports.ts";

export interface OwnHealthOptions {
  readonly config: Pick<Config, "grpc" | "grpcTls">;
  readonly about: "ready" | "alive";
  readonly deadlineMs: number;
  /** What stands in the place of the service's own files; null for those. */
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
  readonly authorityFile: string | null;
  readonly serverName: string | null;
}

/** Asks the service that runs under this configuration, here; the failure is for an operator. */
export async function askOwnHealth(
  options: OwnHealthOptions,
): Promise<Result<HealthAnswer, string>> {
  const { config, about, deadlineMs } = options;
  const tls = tlsOf(options);
  if (!tls.ok) return tls;
  const address = grpcAddress(here(config.grpc));
  return ok(await askHealth({ address, tls: tls.value, about, deadlineMs }));
}

/** Who listens on every address is asked on loopback. */
function here(endpoint: Endpoint): Endpoint {
  if (endpoint.kind === "unix") return endpoint;
  if (endpoint.host === "0.0.0.0") return { ...endpoint, host: "127.0.0.1" };
  return endpoint.host === "::" ? { ...endpoint, host: "::1" } : endpoint;
}

function tlsOf(options: OwnHealthOptions): Result<HealthTls | null, string> {
  const { config, certificateFile, keyFile, authorityFile, serverName } = options;
  const certificate = certificateFile ?? config.grpcTls?.certificateFile;
  const key = keyFile ?? config.grpcTls?.keyFile;
  const authority = authorityFile ?? config.grpcTls?.clientCaFile;
  if (certificate === undefined && key === undefined && authority === undefined) return ok(null);
  if (certificate === undefined || key === undefined || authority === undefined) {
    return err(
      "TLS takes --certificate, --key and --ca together, or a configuration with grpc_tls",
    );
  }
  const pem = [certificate, key, authority].map(read);
  const [own, ownKey, trusted] = pem;
  if (!own || !ownKey || !trusted) return err("a file for TLS cannot be read");
  return ok({ certificate: own, key: ownKey, authority: trusted, serverName });
}

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

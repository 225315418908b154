import { readFileSync } from "node:fs";
import type { TlsOptions } from "../audit/ship/destination.ts";
import { codeOf } from "../audit/sink.ts";
import type { ShipConfig } from "../config/config.ts";
import { err, ok, type Result } from "../core/result.ts";

/** What a receiver's connection is made with; the error begins with `place`, its settings. */
export function tlsOf(
  { caFile, certificate }: Pick<ShipConfig, "caFile" | "certificate">,
  place: string,
): Result<TlsOptions, string> {
  const ca = caFile === null ? ok(null) : readPem(place, "ca_file", caFile);
  if (!ca.ok) return ca;
  if (certificate === null) return ok({ ca: ca.value, identity: null });
  const own = readPem(place, "cert_file", certificate.file);
  if (!own.ok) return own;
  const key = certificate.key.reveal();
  return ok({ ca: ca.value, identity: { certificate: own.value, key } });
}

function readPem(place: string, setting: string, file: string): Result<string, string> {
  try {
    const text = readFileSync(file, "latin1");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return ok(text);
    return err(`${place}: ${setting} ${file} holds no certificate (PEM)`);
  } catch (error) {
    return err(`${place}: ${setting} ${file} cannot be read (${codeOf(error)})`);
  }
}

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { open } from "node:fs/promises";
import { createSecureContext } from "node:tls";

import { err, ok, type Result } from "../../core/result.ts";
import type { TlsMaterial } from "../../core/tls.ts";

/** Absolute paths. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Null where clients are not asked for certificates. */
  readonly clientCaFile: string | null;
}

/** Why files are no certificate to be shown. */
export type PairFault =
  | ("certificate_unreadable" | "key_unreadable" | "client_ca_unreadable")
  | ("certificate_broken" | "key_broken" | "client_ca_broken")
  | ("key_of_another" | "tls_refuses");

/** A certificate, its key, and who answers for clients: they belong together, and work. */
export interface Pair {
  readonly material: TlsMaterial;
  /** Of itself and those it came with: the last that begins, the first that ends. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** When the last of the authorities for clients ends; null where there are none. */
  readonly clientCaValidToMs: number | null;
}

const FILE_MAX_BYTES = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Reads the files, and makes sure that TLS can be spoken with what they hold. */
export async function readPair(files: CertificateFiles): Promise<Result<Pair, PairFault>> {
  const certificate = await readText(files.certificateFile);
  if (certificate === null) return err("certificate_unreadable");
  const key = await readText(files.keyFile);
  if (key === null) return err("key_unreadable");
  const clientAuthority = files.clientCaFile === null ? null : await readText(files.clientCaFile);
  if (files.clientCaFile !== null && clientAuthority === null) return err("client_ca_unreadable");
  return checkPair({ certificate, key, clientAuthority });
}

function checkPair(material: TlsMaterial): Result<Pair, PairFault> {
  const chain = certificatesIn(material.certificate);
  const [own] = chain;
  if (own === undefined) return err("certificate_broken");
  const key = privateKeyOf(material.key);
  if (key === null) return err("key_broken");
  if (!own.checkPrivateKey(key)) return err("key_of_another");
  const { clientAuthority } = material;
  const authorities = clientAuthority === null ? null : certificatesIn(clientAuthority);
  if (authorities?.length === 0) return err("client_ca_broken");
  if (!isFitForTls(material)) return err("tls_refuses");
  return ok({
    material,
    validFromMs: Math.max(...chain.map(({ validFromDate }) => validFromDate.getTime())),
    validToMs: Math.min(...chain.map(endOf)),
    clientCaValidToMs: authorities === null ? null : Math.max(...authorities.map(endOf)),
  });
}

/** Null where it is no plain file of a sensible size. */
async function readText(path: string): Promise<string | null> {
  try {
    await using file = await open(path, "r");
    const status = await file.stat();
    if (!status.isFile() || status.size > FILE_MAX_BYTES) return null;
    return await file.readFile("latin1");
  } catch {
    return null;
  }
}

/** Empty where one of them is none. */
function certificatesIn(pem: string): readonly X509Certificate[] {
  try {
    return (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
  } catch {
    return [];
  }
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function isFitForTls({ certificate, key, clientAuthority }: TlsMaterial): boolean {
  try {
    createSecureContext({ cert: certificate, key, ca: clientAuthority ?? undefined });
    return true;
  } catch {
    return false;
  }
}

function endOf({ validToDate }: X509Certificate): number {
  return validToDate.getTime();
}

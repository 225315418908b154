import { X509Certificate } from "node:crypto";

import type { Peer } from "../core/exchange.ts";
import { entriesOf } from "./peer-identity.ts";

const ENCODED_MAX_LENGTH = 64 * 1024;
/** RFC 4514 section 2.4: these would have to be escaped, and readers differ in how. */
const SPECIAL = /[,+"\\<>;#=\n]/;

/** A certificate as ext_authz has it, in URL-encoded PEM; null where it cannot be read. */
export function peerFromCertificate(encoded: string): Peer | null {
  if (encoded.length > ENCODED_MAX_LENGTH) return null;
  try {
    const certificate = new X509Certificate(decodeURIComponent(encoded));
    const names = entriesOf(certificate.subjectAltName);
    const first = (kind: string) => names.find((entry) => entry.kind === kind)?.name ?? null;
    return {
      uri: first("URI"),
      dns: first("DNS"),
      subject: subjectOf(certificate.subject),
      fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    };
  } catch {
    return null;
  }
}

/** From Node's lines to the text that Envoy has (RFC 4514: the last part first). */
function subjectOf(lines: string | undefined): string | null {
  const parts = (lines ?? "").split("\n").filter((line) => line !== "");
  const isPlain = parts.every((part) => {
    const at = part.indexOf("=");
    return at > 0 && !SPECIAL.test(part.slice(at + 1));
  });
  return parts.length > 0 && isPlain ? parts.toReversed().join(",") : null;
}

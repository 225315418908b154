import { existsSync } from "node:fs";

import type { UpstreamUrl } from "./upstream-url.ts";

/** A certificate that Envoy shows. */
export interface ServerCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The certificate that Envoy shows to clients. */
export interface DownstreamCertificate extends ServerCertificate {
  /** Who may sign the certificates of clients, which then must show one; absent: none is asked. */
  readonly clientCaFile?: string;
}

const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

/** Where Debian, Fedora, SUSE, Alpine and macOS keep the certificates that the system trusts. */
const SYSTEM_CA_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
] as const;

/**
 * TLS towards an MCP server: the certificate must be signed by `caFile` (else by what the system
 * trusts) and be made out to the URL's own host.
 */
export function upstreamTls(url: UpstreamUrl, caFile: string | undefined): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": `${TLS}.UpstreamTlsContext`,
      // A server name in the handshake is a name, never an address (RFC 6066, section 3).
      ...(url.isAddress ? {} : { sni: url.host }),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        validation_context: {
          trusted_ca: { filename: caFile ?? systemCaFile() },
          match_typed_subject_alt_names: [
            { san_type: url.isAddress ? "IP_ADDRESS" : "DNS", matcher: { exact: url.host } },
          ],
        },
      },
    },
  };
}

/** How Envoy and Impedance know each other. */
export interface ServiceTls {
  /** What Envoy shows. */
  readonly certificate: ServerCertificate;
  /** Who may sign what Impedance shows, and the DNS name or the URI in it. */
  readonly caFile: string;
  readonly identity: { readonly kind: "DNS" | "URI"; readonly name: string };
}

/** TLS towards Impedance, which must be the one of that name; Envoy shows who it is itself. */
export function serviceTls({ certificate, caFile, identity }: ServiceTls): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": `${TLS}.UpstreamTlsContext`,
      ...(identity.kind === "DNS" ? { sni: identity.name } : {}),
      common_tls_context: {
        alpn_protocols: ["h2"],
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        tls_certificates: [certificateOf(certificate)],
        validation_context: {
          trusted_ca: { filename: caFile },
          match_typed_subject_alt_names: [
            { san_type: identity.kind, matcher: { exact: identity.name } },
          ],
        },
      },
    },
  };
}

/** TLS towards clients, HTTP/2 preferred. */
export function downstreamTls(certificate: DownstreamCertificate): object {
  const { clientCaFile } = certificate;
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": `${TLS}.DownstreamTlsContext`,
      ...(clientCaFile === undefined ? {} : { require_client_certificate: true }),
      common_tls_context: {
        alpn_protocols: ["h2", "http/1.1"],
        tls_certificates: [certificateOf(certificate)],
        ...(clientCaFile === undefined
          ? {}
          : { validation_context: { trusted_ca: { filename: clientCaFile } } }),
      },
    },
  };
}

function certificateOf({ certFile, keyFile }: ServerCertificate): object {
  return { certificate_chain: { filename: certFile }, private_key: { filename: keyFile } };
}

function systemCaFile(): string {
  const named = process.env.SSL_CERT_FILE;
  const found = named ?? SYSTEM_CA_FILES.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(
    "no certificates of the system found: set SSL_CERT_FILE, or name the server's own CA file",
  );
}

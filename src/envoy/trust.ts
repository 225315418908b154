import { isIP } from "node:net";

import type { Headers, Peer, RequestHead, Source } from "../core/exchange.ts";
import { compileGlob } from "../core/glob.ts";
import type { Trust } from "../core/trust.ts";
import { decodeClientCertificates, peerOf } from "./client-certificate-header.ts";

const FORWARDED_FOR = "x-forwarded-for";
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1)$/;
const CLIENT_CERTIFICATE = "x-forwarded-client-cert";

/**
 * The head of a request as the configuration lets it be believed: who stands behind the proxies
 * before Envoy, where these are trusted to say so. Without trust a head stays as Envoy tells it.
 */
export function createTrusted(trust: Trust): (head: RequestHead) => RequestHead {
  const { forwardedForHops, clientCertificate } = trust;
  const globs = (clientCertificate?.from ?? []).map(compileGlob);

  function isBelieved({ ip, peer }: Source): boolean {
    const names = [ip, peer?.uri ?? null, peer?.dns ?? null].filter((name) => name !== null);
    return names.some((name) => globs.some((glob) => glob.fits(name)));
  }

  function withPeer(head: RequestHead): RequestHead {
    const { headers, source } = head;
    // The header of anybody else is not read at all.
    if (clientCertificate === null || !isBelieved(source)) return head;
    const peer = forwardedPeer(headers.get(CLIENT_CERTIFICATE), clientCertificate.hop);
    const { peer: _, ...rest } = source;
    // FAIL CLOSED: behind one who speaks for others, the certificate on the wire is not a caller's.
    return { ...head, source: { ...rest, spiffe: spiffeOf(peer), ...(peer && { peer }) } };
  }

  return (head) => {
    if (forwardedForHops === 0) return withPeer(head);
    const told = withPeer(head);
    const ip = forwardedAddress(head.headers, told.source.ip, forwardedForHops);
    return { ...told, source: { ...told.source, ip } };
  };
}

/** The URI of a certificate where it is a SPIFFE id. */
export function spiffeOf(peer: Peer | null): string | null {
  return peer?.uri?.startsWith("spiffe://") === true ? peer.uri : null;
}

/** FAIL CLOSED: what cannot be read is a certificate of nobody, and not the lack of one. */
const NOBODYS: Peer = { uri: null, dns: null, subject: null, fingerprint: null };

function forwardedPeer(header: string | undefined, hop: number): Peer | null {
  if (header === undefined) return null;
  const element = decodeClientCertificates(header)?.at(-hop);
  return (element && peerOf(element)) ?? NOBODYS;
}

/**
 * Envoy appends who called it to `x-forwarded-for` (`use_remote_address`); the proxies before it
 * did so too. Behind its own entry come as many as are trusted, and then the caller's. Where the
 * last one is not the one that Envoy saw, or there are too few, the header is not what it should
 * be, and Envoy's own address stands. For a caller on the same machine Envoy appends an address of
 * its own.
 */
function forwardedAddress(headers: Headers, seen: string | null, hops: number): string | null {
  const entries = (headers.get(FORWARDED_FOR) ?? "").split(",").map((entry) => entry.trim());
  if (entries.at(-1) !== seen && !LOOPBACK.test(seen ?? "")) return seen;
  const entry = entries.at(-1 - hops);
  return entry !== undefined && isIP(entry) !== 0 ? entry : seen;
}

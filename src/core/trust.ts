/** Which words of those that stand before the proxy are believed. */
export interface Trust {
  /** Proxies before the proxy whose entries in `x-forwarded-for` are believed. */
  readonly forwardedForHops: number;
  /** Null: `x-forwarded-client-cert` is not read at all. */
  readonly clientCertificate: {
    /** Which element is the caller's, counted from the end; the last is 1. */
    readonly hop: number;
    /** Globs over the URI or DNS name in the certificate of who sends it, or over its address. */
    readonly from: readonly string[];
  } | null;
}

/** Nobody is believed but the proxy itself. */
export const NO_TRUST: Trust = { forwardedForHops: 0, clientCertificate: null };

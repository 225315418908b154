/** What became of a batch. */
export type Delivery =
  /** The receiver has it; `rejected` of its lines it will not keep, and they are not sent again. */
  | { readonly kind: "taken"; readonly rejected: number }
  /** It may go better later: the same batch is sent again. */
  | { readonly kind: "later"; readonly code: string; readonly afterMs: number | null }
  /** The receiver will not have this content, now or later; in smaller parts it may. */
  | { readonly kind: "refused"; readonly code: string };

/** Somewhere outside where the lines of the log go. */
export interface Destination {
  /**
   * Sends the lines in this order, once the call before it has ended. Never rejects, and ends
   * within its deadline, or as soon as `signal` says that nobody waits any longer.
   */
  send(lines: readonly string[], signal: AbortSignal): Promise<Delivery>;
  /** Gives connections back. */
  close(): void;
}

/** What a connection is made with, in PEM. */
export interface TlsOptions {
  /** Who may have signed the receiver's certificate; null: the authorities that Node knows. */
  readonly ca: string | null;
  /** Our own certificate, where the receiver asks for one. */
  readonly identity: { readonly certificate: string; readonly key: Uint8Array } | null;
}

/** The part of both that Node's `tls` takes. */
export function tlsSettings({ ca, identity }: TlsOptions) {
  return {
    minVersion: "TLSv1.2",
    ...(ca === null ? {} : { ca }),
    ...(identity === null ? {} : { cert: identity.certificate, key: Buffer.from(identity.key) }),
  } as const;
}

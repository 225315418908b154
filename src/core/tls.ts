/** What a server shows in a TLS handshake, and who may answer for its clients. All of it PEM. */
export interface TlsMaterial {
  /** Its own, and those between it and an authority. */
  readonly certificate: string;
  readonly key: string;
  /** Those that may sign the certificates of clients; null: no client is asked for one. */
  readonly clientAuthority: string | null;
}

/** Material that may be another tomorrow: connections that are open keep what they began with. */
export interface LiveTls {
  current(): TlsMaterial;
  /** Told of whatever replaces `current`, once it was found to be good. */
  onChange(listener: (material: TlsMaterial) => void): void;
}

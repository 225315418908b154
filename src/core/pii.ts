/** The kinds of personal data that the `pii` guard knows, as the configuration names them. */
export const PII_KINDS = ["email", "phone", "card", "iban", "national_id", "ip_address"] as const;
export type PiiKind = (typeof PII_KINDS)[number];

/** What the guard does with the messages of one server. */
export interface PiiSettings {
  readonly enabled: boolean;
  /** In what clients send. */
  readonly request: boolean;
  /** In what servers send. */
  readonly response: boolean;
  readonly kinds: readonly PiiKind[];
  /** Names whose values are masked whatever they are. */
  readonly denyKeys: readonly string[];
}

/** The settings, and those of the servers that have their own. */
export interface PiiConfig extends PiiSettings {
  readonly servers: ReadonlyMap<string, PiiSettings>;
}

/** What a portable policy wants masked, on every server and in both directions. */
export interface RedactSettings {
  readonly denyKeys: readonly string[];
  readonly emails: boolean;
}

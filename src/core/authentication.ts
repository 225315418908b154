/** How callers show who they are, as the configuration has it. Paths are absolute. */
export interface AuthenticationSettings {
  /** Where clients reach the gateway: scheme and host; null: http, where it listens. */
  readonly publicUrl: string | null;
  /** One resource for the whole gateway (RFC 8707); null: each server is one of its own. */
  readonly resource: string | null;
  /** Whether those that show nothing may come in. */
  readonly anonymous: boolean;
  /** What a client is told to ask for first; a token may hold less. */
  readonly scopes: readonly string[];
  /** Null where no bearer token is taken. */
  readonly tokens: TokenSettings | null;
  /** Null where no API key is taken. */
  readonly apiKeys: ApiKeySettings | null;
  /** Null where no caller's certificate is taken. */
  readonly mtls: MtlsSettings | null;
  /** Null where the proxy's own check of tokens counts for nothing. */
  readonly proxyToken: ProxyTokenSettings | null;
  /** What was taken back before its end; null for none. */
  readonly revocationFile: string | null;
}

/** Whose certificates, shown to the proxy, say who calls. */
export interface MtlsSettings {
  /** Of SPIFFE ids. */
  readonly trustDomains: readonly string[];
  /** Globs over the first DNS name of certificates without a SPIFFE id. */
  readonly names: readonly string[];
  /** Globs over the subjects of such certificates. */
  readonly subjects: readonly string[];
  /** By glob over the ids that come of it. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** Tokens that the proxy has checked. */
export interface ProxyTokenSettings {
  /** Under which the filter keeps the claims (`payload_in_metadata`). */
  readonly payload: string;
  readonly issuer: string;
  /** Null: the proxy is left to ask for one. */
  readonly audiences: readonly string[] | null;
  readonly clockSkewMs: number;
  readonly principal: { readonly claim: string; readonly kind: "user" | "service" };
  readonly roles: ClaimMapping;
  readonly scopes: ClaimMapping;
  /** What the policy may see of the token. */
  readonly claims: readonly string[];
}

export interface TokenSettings {
  /** A longer `Authorization` is refused unread. */
  readonly maxBytes: number;
  /** At least one; names and issuers differ. */
  readonly issuers: readonly IssuerSettings[];
}

export interface IssuerSettings {
  /** Stands before each subject: two issuers may name theirs alike. */
  readonly name: string;
  /** As `iss` has it. */
  readonly issuer: string;
  readonly keys: KeySourceSettings;
  /** Keys that are older vouch for nothing. */
  readonly keysMaxAgeMs: number;
  /** Between two looks for a key that is not among those known. */
  readonly keysCooldownMs: number;
  /** Null: the resource of the server that is called. */
  readonly audiences: readonly string[] | null;
  /** RFC 7518 section 3.1, RFC 8037: none with a key that both sides know. */
  readonly algorithms: readonly string[];
  /** Of `typ`, without `application/`, in lower case; null: unset, `jwt` or `at+jwt`. */
  readonly types: readonly string[] | null;
  readonly clockSkewMs: number;
  /** Since `iat`; null: as old as its `exp` allows. */
  readonly tokenMaxAgeMs: number | null;
  readonly principal: { readonly claim: string; readonly kind: "user" | "service" };
  readonly roles: ClaimMapping;
  readonly scopes: ClaimMapping;
  /** What the policy may see of the token. */
  readonly claims: readonly string[];
  /** `once`: each token is good for one request. */
  readonly replay: "off" | "once";
  /** Whether clients are told to go there (RFC 9728, `authorization_servers`). */
  readonly isAdvertised: boolean;
}

/** Where an issuer's public keys are. */
export type KeySourceSettings =
  | { readonly kind: "file"; readonly path: string }
  | ({ readonly kind: "uri"; readonly uri: string } & RemoteSettings)
  | ({ readonly kind: "discovery" } & RemoteSettings);

export interface RemoteSettings {
  readonly timeoutMs: number;
  /** Certificates that vouch for the server; null: those that Node knows. */
  readonly caFile: string | null;
  /** Sent as a bearer token, read anew each time; null for none. */
  readonly tokenFile: string | null;
}

/** From claims to names of our own. */
export interface ClaimMapping {
  /** Where to look: names separated by dots, or a JSON Pointer. */
  readonly claims: readonly string[];
  /** Stands before a name that no mapping made. */
  readonly prefix: string;
  /** What a value stands for; where it has any entry, all other values stand for nothing. */
  readonly map: ReadonlyMap<string, readonly string[]>;
}

export interface ApiKeySettings {
  /** In lower case. */
  readonly header: string;
  readonly keys: readonly ApiKeyEntry[];
}

export interface ApiKeyEntry {
  readonly id: string;
  /** SHA-256 of the key's text, in hexadecimal. */
  readonly hash: string;
  readonly kind: "user" | "service";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** Milliseconds since 1970, UTC; null: never. */
  readonly expiresAtMs: number | null;
}

/** What the firewall shows a server of itself, in place of what the caller showed. */
export interface UpstreamCredentialSettings {
  /** In lower case. */
  readonly header: string;
  /** Stands before the value with a space between; empty for none. */
  readonly scheme: string;
  readonly value:
    | { readonly kind: "fixed"; readonly reveal: () => Uint8Array }
    | { readonly kind: "file"; readonly path: string };
}

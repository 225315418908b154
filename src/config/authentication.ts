import { resolve } from "node:path";
import type {
  ApiKeySettings,
  AuthenticationSettings,
  IssuerSettings,
  KeySourceSettings,
  TokenSettings,
} from "../core/authentication.ts";

import { mappingOf, type RawMapping } from "./claim-mapping.ts";
import { buildMtls, buildProxyToken, type RawMtls, type RawProxyJwt } from "./proxy-identity.ts";

/** `authentication` once the schema has found its shape right and filled in defaults. */
export interface RawAuthentication {
  readonly public_url?: string;
  readonly resource?: string;
  readonly anonymous?: "allow" | "deny";
  readonly scopes: readonly string[];
  readonly revocation_file?: string;
  readonly tokens?: {
    readonly max_bytes: number;
    readonly issuers: { readonly [name: string]: RawIssuer };
  };
  readonly mtls?: RawMtls;
  readonly proxy_jwt?: RawProxyJwt;
  readonly api_keys?: { readonly header: string; readonly keys: readonly RawApiKey[] };
}

interface RawIssuer {
  readonly issuer: string;
  readonly jwks_uri?: string;
  readonly jwks_file?: string;
  readonly jwks_max_age_s: number;
  readonly jwks_cooldown_s: number;
  readonly jwks_timeout_ms: number;
  readonly ca_file?: string;
  readonly jwks_token_file?: string;
  readonly audiences?: readonly string[];
  readonly algorithms: readonly string[];
  readonly types?: readonly string[];
  readonly clock_skew_s: number;
  readonly token_max_age_s?: number;
  readonly principal_claim: string;
  readonly kind: "user" | "service";
  readonly roles: RawMapping;
  readonly scopes: RawMapping;
  readonly claims: readonly string[];
  readonly replay: "off" | "once";
  readonly advertise: "on" | "off";
}

interface RawApiKey {
  readonly id: string;
  readonly hash: string;
  readonly kind: "user" | "service";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly expires?: string;
}

const SECOND_MS = 1_000;
const HASH_PREFIX = "sha256:";

/** From the file's words to ours; everything was checked, so nothing can go wrong here. */
export function buildAuthentication(
  raw: RawAuthentication,
  folder: string,
): AuthenticationSettings {
  const { tokens, api_keys: apiKeys, revocation_file: revocations } = raw;
  const methods = [tokens, apiKeys, raw.mtls, raw.proxy_jwt];
  const hasMethod = methods.some((method) => method !== undefined);
  return {
    publicUrl: raw.public_url === undefined ? null : new URL(raw.public_url).origin,
    resource: raw.resource ?? null,
    anonymous: (raw.anonymous ?? (hasMethod ? "deny" : "allow")) === "allow",
    scopes: raw.scopes,
    tokens: tokens === undefined ? null : buildTokens(tokens, folder),
    apiKeys: apiKeys === undefined ? null : buildApiKeys(apiKeys),
    mtls: raw.mtls === undefined ? null : buildMtls(raw.mtls),
    proxyToken: raw.proxy_jwt === undefined ? null : buildProxyToken(raw.proxy_jwt),
    revocationFile: revocations === undefined ? null : resolve(folder, revocations),
  };
}

function buildTokens(
  { max_bytes, issuers }: NonNullable<RawAuthentication["tokens"]>,
  folder: string,
): TokenSettings {
  return {
    maxBytes: max_bytes,
    issuers: Object.entries(issuers).map(([name, issuer]) => buildIssuer(name, issuer, folder)),
  };
}

function buildIssuer(name: string, raw: RawIssuer, folder: string): IssuerSettings {
  return {
    name,
    issuer: raw.issuer,
    keys: keysOf(raw, folder),
    keysMaxAgeMs: raw.jwks_max_age_s * SECOND_MS,
    keysCooldownMs: raw.jwks_cooldown_s * SECOND_MS,
    audiences: raw.audiences ?? null,
    algorithms: raw.algorithms,
    types: raw.types?.map((type) => type.toLowerCase()) ?? null,
    clockSkewMs: raw.clock_skew_s * SECOND_MS,
    tokenMaxAgeMs: raw.token_max_age_s === undefined ? null : raw.token_max_age_s * SECOND_MS,
    principal: { claim: raw.principal_claim, kind: raw.kind },
    roles: mappingOf(raw.roles),
    scopes: mappingOf(raw.scopes),
    claims: raw.claims,
    replay: raw.replay,
    isAdvertised: raw.advertise === "on",
  };
}

function keysOf(raw: RawIssuer, folder: string): KeySourceSettings {
  if (raw.jwks_file !== undefined) return { kind: "file", path: resolve(folder, raw.jwks_file) };
  const inFolder = (path: string | undefined) =>
    path === undefined ? null : resolve(folder, path);
  const remote = {
    timeoutMs: raw.jwks_timeout_ms,
    caFile: inFolder(raw.ca_file),
    tokenFile: inFolder(raw.jwks_token_file),
  };
  if (raw.jwks_uri === undefined) return { kind: "discovery", ...remote };
  return { kind: "uri", uri: raw.jwks_uri, ...remote };
}

function buildApiKeys({
  header,
  keys,
}: NonNullable<RawAuthentication["api_keys"]>): ApiKeySettings {
  return {
    header: header.toLowerCase(),
    keys: keys.map(({ id, hash, kind, roles, scopes, expires }) => ({
      id,
      hash: hash.slice(HASH_PREFIX.length),
      kind,
      roles,
      scopes,
      expiresAtMs: expires === undefined ? null : Date.parse(expires),
    })),
  };
}

/** The files that `authentication` names, which no caller may reach. */
export function authenticationFiles(raw: RawAuthentication): readonly (string | undefined)[] {
  const issuers = Object.values(raw.tokens?.issuers ?? {});
  const keys = issuers.flatMap((issuer) => [
    issuer.jwks_file,
    issuer.ca_file,
    issuer.jwks_token_file,
  ]);
  return [raw.revocation_file, ...keys];
}

import type { MtlsSettings, ProxyTokenSettings } from "../core/authentication.ts";
import { isRecord, valueAt } from "./access.ts";
import { mappingOf, type RawMapping } from "./claim-mapping.ts";
import type { Fault } from "./config-error.ts";

/** `authentication.mtls` once the schema has found its shape right and filled in defaults. */
export interface RawMtls {
  readonly trust_domains: readonly string[];
  readonly names: readonly string[];
  readonly subjects: readonly string[];
  readonly roles: { readonly [glob: string]: readonly string[] };
}

/** `authentication.proxy_jwt` likewise. */
export interface RawProxyJwt {
  readonly payload: string;
  readonly issuer: string;
  readonly audiences?: readonly string[];
  readonly clock_skew_s: number;
  readonly principal_claim: string;
  readonly kind: "user" | "service";
  readonly roles: RawMapping;
  readonly scopes: RawMapping;
  readonly claims: readonly string[];
}

const SECOND_MS = 1_000;
const MTLS = ["authentication", "mtls"] as const;
/** Each names some callers. */
const NAMING = ["trust_domains", "names", "subjects"] as const;

/** What the schema cannot say of `authentication.mtls`. */
export function checkMtls(root: unknown): readonly Fault[] {
  if (!isRecord(valueAt(root, MTLS))) return [];
  const isNaming = NAMING.some((name) => {
    const given = valueAt(root, [...MTLS, name]);
    return Array.isArray(given) && given.length > 0;
  });
  if (isNaming) return [];
  const remedy = `add ${NAMING.join(", ")}: whose certificates are taken`;
  return [{ path: MTLS, target: "key", problem: "would let nobody in", remedy }];
}

export function buildMtls(raw: RawMtls): MtlsSettings {
  return {
    trustDomains: raw.trust_domains,
    names: raw.names,
    subjects: raw.subjects,
    roles: new Map(Object.entries(raw.roles)),
  };
}

export function buildProxyToken(raw: RawProxyJwt): ProxyTokenSettings {
  return {
    payload: raw.payload,
    issuer: raw.issuer,
    audiences: raw.audiences ?? null,
    clockSkewMs: raw.clock_skew_s * SECOND_MS,
    principal: { claim: raw.principal_claim, kind: raw.kind },
    roles: mappingOf(raw.roles),
    scopes: mappingOf(raw.scopes),
    claims: raw.claims,
  };
}

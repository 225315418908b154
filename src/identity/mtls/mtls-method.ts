import type { MtlsSettings } from "../../core/authentication.ts";
import type { Peer } from "../../core/exchange.ts";
import { compileGlob } from "../../core/glob.ts";
import type { Caller, IdentityMethod } from "../../core/identity.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Challenger } from "../challenge.ts";
import type { AuthCode } from "../codes.ts";
import type { Revocations } from "../revocations.ts";
import { decodeSpiffeId } from "./spiffe-id.ts";

export interface MtlsMethodOptions {
  readonly settings: MtlsSettings;
  readonly revocations: Revocations;
  readonly challenger: Challenger;
}

/** Stands for the issuer in the list of what was taken back, and before ids that are no URIs. */
const NAME = "mtls";
/** RFC 4514 and RFC 5890 know longer ones; no log or policy wants them. */
const NAME_MAX_LENGTH = 512;
const NAME_FORM = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Callers by the certificates that they showed to the proxy, which found them genuine. A SPIFFE id
 * counts alone: the certificate of another trust domain has no other name.
 */
export function createMtlsMethod(options: MtlsMethodOptions): IdentityMethod {
  const { settings, revocations, challenger } = options;
  const trustDomains = new Set(settings.trustDomains);
  const names = settings.names.map((glob) => compileGlob(glob.toLowerCase()));
  const subjects = settings.subjects.map(compileGlob);
  const roles = [...settings.roles].map(([glob, given]) => [compileGlob(glob), given] as const);

  function idOf({ uri, dns, subject }: Peer): Result<string, AuthCode> {
    if (uri?.toLowerCase().startsWith("spiffe:") === true) {
      const id = decodeSpiffeId(uri);
      if (id === null) return err("certificate_spiffe");
      return trustDomains.has(id.trustDomain) ? ok(uri) : err("certificate_trust_domain");
    }
    const host = dns?.toLowerCase() ?? null;
    if (isName(host) && names.some((glob) => glob.fits(host))) return ok(`${NAME}:${host}`);
    if (isName(subject) && subjects.some((glob) => glob.fits(subject))) {
      return ok(`${NAME}:${subject}`);
    }
    return err("certificate_name");
  }

  function callerOf(peer: Peer): Result<Caller, AuthCode> {
    const id = idOf(peer);
    if (!id.ok) return id;
    const isRevoked = () => revocationFault(revocations, id.value, peer.fingerprint);
    const fault = isRevoked();
    if (fault !== null) return err(fault);
    const given = roles.filter(([glob]) => glob.fits(id.value)).flatMap(([, names]) => names);
    return ok({
      principal: {
        id: id.value,
        kind: "service",
        roles: [...new Set(given)],
        scopes: [],
        claims: {},
        authenticated_by: "mtls",
      },
      credential: {
        session: peer.fingerprint,
        // The proxy checks it at the handshake, and tells nothing of its end.
        expiresAtMs: null,
        isRevoked: () => isRevoked() !== null,
      },
    });
  }

  return {
    name: "mtls",
    async identify(head) {
      const { peer } = head.source;
      if (peer === undefined) return null;
      const caller = callerOf(peer);
      return caller.ok
        ? { kind: "known", ...caller.value }
        : challenger.refusal(head, caller.error);
    },
  };
}

/** `sub mtls ID` takes back whoever has the name, `jti mtls FINGERPRINT` one certificate. */
function revocationFault(
  revocations: Revocations,
  id: string,
  fingerprint: string | null,
): AuthCode | null {
  const list = revocations.current();
  // FAIL CLOSED: what cannot be told counts as taken back.
  if (list === null) return "revocations_unavailable";
  if (list.has("sub", NAME, id)) return "certificate_revoked";
  const isTaken = fingerprint !== null && list.has("jti", NAME, fingerprint);
  return isTaken ? "certificate_revoked" : null;
}

function isName(text: string | null): text is string {
  return text !== null && text.length <= NAME_MAX_LENGTH && NAME_FORM.test(text);
}

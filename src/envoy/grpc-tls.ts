import type { Http2Session } from "node:http2";
import { type SecureContextOptions, TLSSocket } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import { compileGlob } from "../core/glob.ts";
import type { LiveTls, TlsMaterial } from "../core/tls.ts";
import { namesOf } from "./peer-identity.ts";

/** Who may call, and what is shown to them. */
export interface GrpcTls {
  readonly live: LiveTls;
  /** Globs over the URIs and DNS names in a caller's certificate. */
  readonly allowedIdentities: readonly string[];
  /** Told of each call by somebody else. */
  readonly onRefused: () => void;
}

/**
 * TLS in which the client must show a certificate of the authority. New material holds for new
 * connections; those that are open, and the streams on them, stay.
 */
export function liveCredentials(live: LiveTls): ServerCredentials {
  return new LiveCredentials(live);
}

class LiveCredentials extends ServerCredentials {
  constructor(live: LiveTls) {
    super({ requestCert: true, rejectUnauthorized: true }, contextOf(live.current()));
    live.onChange((material) => this.updateSecureContextOptions(contextOf(material)));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ certificate, key, clientAuthority }: TlsMaterial): SecureContextOptions {
  // FAIL CLOSED: without an authority of its own Node would trust all that browsers trust.
  if (clientAuthority === null) throw new Error("gRPC over TLS has an authority for its clients");
  return { cert: certificate, key, ca: clientAuthority, minVersion: "TLSv1.2" };
}

/**
 * Whether a call comes from one of those that may. Told once for a connection: neither its
 * certificate nor who may call changes while it is open.
 */
export function createAdmission({ allowedIdentities, onRefused }: GrpcTls): Admission {
  const globs = allowedIdentities.map(compileGlob);
  const known = new WeakMap<Http2Session, boolean>();
  return ({ session }) => {
    // FAIL CLOSED: a stream whose connection is gone comes from nobody.
    if (session === undefined || session.destroyed) return false;
    let mayCall = known.get(session);
    if (mayCall === undefined) {
      const names = namesOfPeer(session.socket);
      mayCall = names.some((name) => globs.some((glob) => glob.fits(name)));
      known.set(session, mayCall);
    }
    if (!mayCall) onRefused();
    return mayCall;
  };
}

export type Admission = (stream: { readonly session: Http2Session | undefined }) => boolean;

function namesOfPeer(socket: Http2Session["socket"]): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  return namesOf(socket.getPeerCertificate().subjectaltname);
}

import type { SecureContextOptions } from "node:tls";

import {
  ResponderBuilder,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
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

/** Lets no handler see a call by a peer whose certificate names none of those that may call. */
export function onlyAllowed({ allowedIdentities, onRefused }: GrpcTls): ServerInterceptor {
  const globs = allowedIdentities.map(compileGlob);
  return (_method, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const names = namesOf(call.getAuthContext().sslPeerCertificate?.subjectaltname);
        if (names.some((name) => globs.some((glob) => glob.fits(name)))) return next(metadata);
        // FAIL CLOSED: an error status, so that even an Envoy that is refused passes nothing.
        onRefused();
        call.sendStatus({ code: status.PERMISSION_DENIED, details: "not one of those that may" });
      })
      .build();
    const responder = new ResponderBuilder().withStart((next) => next(listener)).build();
    return new ServerInterceptingCall(call, responder);
  };
}

import type { Duplex } from "node:stream";
import { createServer, type SecureContextOptions, type Server, TLSSocket } from "node:tls";
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

const HANDSHAKE_DEADLINE_MS = 10_000;

/**
 * TLS in which the client must show a certificate of the authority, and speak HTTP/2. New material
 * holds for new connections; those that are open, and the streams on them, stay.
 */
export function createTlsServer(
  live: LiveTls,
  onSocket: (socket: Duplex) => void,
  handshakeDeadlineMs = HANDSHAKE_DEADLINE_MS,
): Server {
  const options = {
    ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ["h2"] },
    handshakeTimeout: handshakeDeadlineMs,
  };
  const server = createServer({ ...options, ...contextOf(live.current()) });
  live.onChange((material) => server.setSecureContext(contextOf(material)));
  server.on("secureConnection", (socket) => {
    // FAIL CLOSED: of any other protocol we know nothing.
    if (socket.alpnProtocol === "h2") onSocket(socket);
    else socket.destroy();
  });
  // Node ends a connection whose handshake fails, but not one whose handshake never comes.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
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
  const known = new WeakMap<Duplex, boolean>();
  return (socket) => {
    let mayCall = known.get(socket);
    if (mayCall === undefined) {
      const names = namesOfPeer(socket);
      mayCall = names.some((name) => globs.some((glob) => glob.fits(name)));
      known.set(socket, mayCall);
    }
    if (!mayCall) onRefused();
    return mayCall;
  };
}

export type Admission = (socket: Duplex) => boolean;

function namesOfPeer(socket: Duplex): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  return namesOf(socket.getPeerCertificate().subjectaltname);
}

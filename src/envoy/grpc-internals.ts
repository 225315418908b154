import assert from "node:assert/strict";
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";

/**
 * The places where grpc-js has no option for what safety needs. Each checks that the field is
 * still there, so that a new release of the library fails at start and not in the field.
 */

/**
 * Lets Envoy reset many streams on one connection. Without the runtime flag
 * `ext_proc_graceful_grpc_close` Envoy resets each stream at its end; Node's HTTP/2 server takes
 * more than 1,000 (then 33/s) for the rapid-reset attack and closes the connection, which fails
 * the calls on it. The mesh's proxy is no attacker, and this port is for it alone.
 */
export function allowStreamResets(server: Server): void {
  const internals = server as unknown as { commonServerOptions?: Record<string, unknown> };
  assert(internals.commonServerOptions, "grpc-js: Server.commonServerOptions is gone");
  internals.commonServerOptions.streamResetBurst = 1_000_000_000;
  internals.commonServerOptions.streamResetRate = 1_000_000_000;
}

/**
 * Refuses calls of one method before grpc-js makes a call of them, which would be most of what one
 * costs. FAIL CLOSED: with the error status RESOURCE_EXHAUSTED, as one that cannot be taken on.
 */
export function refuseEarly(server: Server, path: string, refuses: () => boolean): void {
  const internals = server as unknown as { [name: string]: StreamHandler | undefined };
  for (const name of ["_channelzHandler", "_streamHandler"]) {
    const handler = internals[name];
    assert(handler, `grpc-js: Server.${name} is gone`);
    internals[name] = function refuseOrHandle(interceptors, stream, headers) {
      if (headers[":path"] !== path || !refuses()) {
        return handler.call(server, interceptors, stream, headers);
      }
      stream.on("error", () => undefined);
      stream.respond(REFUSED, { endStream: true });
      // What is still on its way is thrown away.
      stream.resume();
    };
  }
}

type StreamHandler = (
  interceptors: unknown,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
) => void;

/** A response of trailers only (the protocol "gRPC over HTTP2", "Responses"). */
const REFUSED = {
  ":status": 200,
  "content-type": "application/grpc+proto",
  "grpc-status": String(status.RESOURCE_EXHAUSTED),
  "grpc-message": "overloaded",
};

/**
 * FAIL CLOSED. grpc-js ends a stream with status OK unless told otherwise, and Envoy takes a clean
 * end for "go on without me": whatever it holds passes unread. This turns the default round: an
 * end that nobody vouched for carries an error status, and Envoy fails the exchange.
 */
export function failUnlessVouched(call: ServerDuplexStream<unknown, unknown>): {
  vouch(): void;
} {
  const internals = call as unknown as { pendingStatus?: { code: status; details: string } };
  assert(internals.pendingStatus, "grpc-js: ServerDuplexStream.pendingStatus is gone");
  internals.pendingStatus = { code: status.INTERNAL, details: "ended before its verdict" };
  return {
    vouch() {
      internals.pendingStatus = { code: status.OK, details: "" };
    },
  };
}

/** The connections that are open. `Server.sessions` knows them with channelz only. */
export function sessionsOf(server: Server): ReadonlySet<ServerHttp2Session> {
  const internals = server as unknown as {
    http2Servers?: Map<unknown, { readonly sessions?: Set<ServerHttp2Session> }>;
  };
  assert(internals.http2Servers instanceof Map, "grpc-js: Server.http2Servers is gone");
  const found = new Set<ServerHttp2Session>();
  for (const { sessions } of internals.http2Servers.values()) {
    assert(sessions instanceof Set, "grpc-js: the sessions of an HTTP/2 server are gone");
    for (const session of sessions) found.add(session);
  }
  return found;
}

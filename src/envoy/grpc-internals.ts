import assert from "node:assert/strict";
import { constants, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
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

/** Streams that the peer may still have on their way to us are all of them. */
const LAST_STREAM_ID_MAX = 2 ** 31 - 1;

/** The connections that are open. */
export function sessionsOf(server: Server): ReadonlySet<ServerHttp2Session> {
  const internals = server as unknown as { sessions?: Map<ServerHttp2Session, unknown> };
  assert(internals.sessions instanceof Map, "grpc-js: Server.sessions is gone");
  return new Set(internals.sessions.keys());
}

/**
 * Asks the peer to open its next streams on another connection, and refuses none that are on their
 * way. It is said when a stream arrives: at a moment without any, Node's HTTP/2 would take the
 * connection for finished and no longer read it, whatever is under way. What we answer on that stream
 * stands behind our word, so that nothing new comes once the stream has ended. A connection without
 * a stream for `quietMs` is told without waiting for one.
 */
export function sendAway(session: ServerHttp2Session, quietMs: number): void {
  const say = () => {
    clearTimeout(timer);
    session.off("stream", say);
    if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, LAST_STREAM_ID_MAX);
  };
  const timer = setTimeout(say, quietMs);
  session.once("stream", say);
}

/**
 * Goes on reading a connection whose peer was sent away. In the moment in which no stream is open on
 * it Node takes it for finished and reads no further (`Http2Session::MaybeStopReading`): a stream that
 * was under way would hang, and the peer's end not be seen. Reading again is harmless at any time.
 */
export function keepReading(socket: Socket): void {
  const internals = socket as unknown as { _handle?: { readStart?: () => number } | null };
  if (socket.destroyed) return;
  assert(internals._handle?.readStart, "Node: a socket's readStart is gone");
  internals._handle.readStart();
}

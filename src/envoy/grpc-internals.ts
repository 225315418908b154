import assert from "node:assert/strict";
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";

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
 * Shows each stream of HTTP/2 to `take`, before grpc-js makes a call of it. Of those that it does
 * not take, grpc-js goes on to take care.
 */
export function takeStreams(server: Server, take: TakeStream): void {
  const internals = server as unknown as { [name: string]: StreamHandler | undefined };
  for (const name of ["_channelzHandler", "_streamHandler"]) {
    const handler = internals[name];
    assert(handler, `grpc-js: Server.${name} is gone`);
    internals[name] = function takeOrHandle(interceptors, stream, headers) {
      if (!take(stream, headers)) handler.call(server, interceptors, stream, headers);
    };
  }
}

export type TakeStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

type StreamHandler = (
  interceptors: unknown,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
) => void;

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

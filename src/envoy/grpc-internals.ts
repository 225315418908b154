import assert from "node:assert/strict";
import type { Writable } from "node:stream";
import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";

/**
 * The places where grpc-js has no option for what safety needs, or speed. Each checks that the field is
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

/** What stands behind a call: interceptors, then the call itself on its HTTP/2 stream. */
interface CallInternals {
  readonly nextCall?: CallInternals;
  readonly stream?: Writable;
  sendMessage(message: unknown, callback: () => void): void;
}

type Pending = readonly { readonly chunk: unknown }[];

/**
 * Has messages that are written between `cork` and `uncork` leave in one write of the socket.
 * grpc-js sends one message, waits until it is out, and sends the next: each of them wakes Envoy
 * anew. Messages, their order and what becomes of a failure stay the same.
 */
export function writeTogether(call: ServerDuplexStream<unknown, unknown>): void {
  const prototype: { _writev?: unknown } = Object.getPrototypeOf(call);
  prototype._writev ??= sendAll;
}

function sendAll(
  this: { readonly call: CallInternals },
  pending: Pending,
  callback: () => void,
): void {
  const stream = streamOf(this.call);
  stream.cork();
  for (const [index, { chunk }] of pending.entries()) {
    this.call.sendMessage(chunk, index === pending.length - 1 ? callback : ignore);
  }
  stream.uncork();
}

function streamOf(call: CallInternals): Writable {
  let innermost = call;
  while (innermost.nextCall !== undefined) innermost = innermost.nextCall;
  assert(innermost.stream, "grpc-js: the stream of a call is gone");
  return innermost.stream;
}

function ignore(): void {}

import type { Duplex } from "node:stream";
import type { ServiceDefinition } from "@grpc/proto-loader";
import type { Firewall } from "../core/exchange.ts";
import type { Limits } from "../core/limits.ts";
import { decodeTraceparent } from "../core/trace.ts";
import { NO_TRUST, type Trust } from "../core/trust.ts";
import { encodeHeaders } from "../http2/hpack.ts";
import { Http2Server } from "../http2/server.ts";
import type { Stream } from "../http2/stream.ts";
import { createByteBudget } from "./body-buffer.ts";
import { createCheck } from "./ext-authz.ts";
import { createExtProc } from "./ext-proc.ts";
import { GrpcCall, type OnBroken, refuseStream } from "./grpc-call.ts";
import { codecOf, methodOf } from "./grpc-methods.ts";
import { GRPC } from "./grpc-status.ts";
import { createAdmission, type GrpcTls } from "./grpc-tls.ts";
import { allClosed, endAll, HealthCheckers, handOver } from "./hand-over.ts";
import { createHealth } from "./health.ts";
import { listen } from "./listen.ts";
import { createProcessCodec } from "./process-codec.ts";
import type { OnFault } from "./process-options.ts";
import type { ProcessCall } from "./process-stream.ts";
import { loadServices } from "./protocol.ts";
import { TRACEPARENT } from "./request-head.ts";
import type { ShedReason } from "./shedding.ts";
import { createTrusted } from "./trust.ts";

export interface GrpcServerOptions {
  readonly firewall: Firewall;
  readonly limits: Limits;
  /** `HOST:PORT` (port 0: any free one) or `unix:/path`. */
  readonly address: string;
  /** Null or absent: whoever reaches the address can call. */
  readonly tls?: GrpcTls | null;
  /** Another process may listen at the address, which this one is to replace. */
  readonly takesOver?: boolean;
  /** Whose words of those before Envoy are believed; nobody's if absent. */
  readonly trust?: Trust;
  readonly ready: () => boolean;
  /** `traceId` is that of the proxy's own span; null where it does not trace. */
  readonly onFault: (code: string, error: unknown, traceId: string | null) => void;
  /** Told of each exchange, for the count of those that are open. */
  readonly onOpen?: () => void;
  readonly onClose?: () => void;
  /** Told of each exchange that is turned away, for there is too much to do. */
  readonly onShed?: (reason: ShedReason) => void;
  /** A test may stand between Envoy and the handler, to break what must not break open. */
  readonly wrapProcess?: (process: (call: ProcessCall) => void) => (call: ProcessCall) => void;
}

export interface GrpcServer {
  /** The port that was bound; 0 for a Unix socket. */
  readonly port: number;
  readonly openStreams: number;
  /** Has each open stream judged again, now: something that they were opened on has changed. */
  judgeAgain(): void;
  /** Says "not serving", refuses new exchanges, and waits for the open ones until the deadline. */
  drain(deadlineMs: number): Promise<void>;
  /**
   * Leaves the address to another process that listens there: refuses nothing until the peers have
   * gone there, and waits for what is open. What is left at the deadline is ended, closed.
   */
  handOver(deadlineMs: number): Promise<void>;
  /** Ends what is left, closed, and frees the port. */
  close(): void;
}

const HEALTH = "/grpc.health.v1.Health/";
const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
/** gRPC frames hold a chunk of a body and its envelope. */
const FRAME_SLACK_BYTES = 64 * 1024;

/** Both of Envoy's doors and the health service on one gRPC server. Rejects when it cannot bind. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { limits, onFault } = options;
  const { onOpen = ignore, onClose = ignore, onShed = ignore, tls = null } = options;
  const trusted = createTrusted(options.trust ?? NO_TRUST);
  const firewall: Firewall = { open: (head) => options.firewall.open(trusted(head)) };
  const budget = createByteBudget(limits.heldBodiesMaxBytes);
  const onCallFault: OnFault = (code, error, trace) =>
    onFault(code, error, decodeTraceparent(trace)?.traceId ?? null);
  const extProc = createExtProc({
    ...{ firewall, limits, budget, onOpen, onClose, onShed },
    onFault: onCallFault,
    later: (work) => server.later(work),
  });
  let draining = false;
  const health = createHealth(() => !draining && options.ready());
  const messageMaxBytes =
    Math.max(limits.requestBodyMaxBytes, limits.responseBodyMaxBytes) + FRAME_SLACK_BYTES;
  const wrap = options.wrapProcess ?? ((process) => process);
  const process = wrap((call) => extProc.process(call));
  const onBroken: OnBroken = (error, stream) =>
    onCallFault("internal", error, stream.header(TRACEPARENT));
  const check = createCheck(firewall, (error, trace) => onCallFault("internal", error, trace));
  const processCodec = createProcessCodec(messageMaxBytes);
  const { authorization, health: healthService } = loadServices();
  const unary = <In extends object, Out extends object>(
    service: ServiceDefinition,
    name: string,
    handle: (call: GrpcCall<In, Out>) => void,
  ): [path: string, serve: Serve] => {
    const method = methodOf<In, Out>(service, name);
    const codec = codecOf(method, messageMaxBytes);
    return [method.path, (stream) => new GrpcCall(stream, codec, onBroken).serveBy(handle)];
  };
  const serve = createRouter([
    [
      PROCESS,
      (stream) => {
        if (extProc.refuses(stream.waitedMs))
          refuseStream(stream, GRPC.RESOURCE_EXHAUSTED, "overloaded");
        else new GrpcCall(stream, processCodec, onBroken).serveBy(process);
      },
    ],
    unary(authorization, "Check", check),
    unary(healthService, "Check", health.check),
    unary(healthService, "Watch", health.watch),
  ]);
  const checkers = new HealthCheckers();
  const server = new Http2Server(toldTo(checkers, admit(tls, serve, onBroken)));
  const bound = await listen(options, (socket) => server.accept(socket));

  return {
    port: bound.port,
    get openStreams() {
      return extProc.openStreams;
    },
    judgeAgain: () => extProc.judgeAgain(),
    async drain(deadlineMs) {
      draining = true;
      health.changed();
      extProc.drain();
      await allClosed(extProc, deadlineMs);
      await endAll(server, extProc);
    },
    async handOver(deadlineMs) {
      await bound.leave();
      const peers = {
        openConnections: () => bound.openConnections,
        healthCheckers: () => checkers.open,
        goAway: () => server.goAway(),
      };
      await handOver(peers, extProc, deadlineMs);
      await endAll(server, extProc);
    },
    close() {
      health.close();
      extProc.close();
      server.close();
      bound.close();
    },
  };
}

type Serve = (stream: Stream) => void;
type ServeAt = (stream: Stream, socket: Duplex) => void;

function toldTo(checkers: HealthCheckers, serve: ServeAt): ServeAt {
  return (stream, socket) => {
    const isHealth = stream.header(":path")?.startsWith(HEALTH) === true;
    checkers.comesBy(socket, isHealth ? "health" : "calls");
    serve(stream, socket);
  };
}

/** Calls of those that may. FAIL CLOSED: an error status, after which Envoy passes nothing. */
function admit(tls: GrpcTls | null, serve: Serve, onBroken: OnBroken): ServeAt {
  const mayCall = tls === null ? () => true : createAdmission(tls);
  return (stream, socket) => {
    try {
      if (mayCall(socket)) serve(stream);
      else refuseStream(stream, GRPC.PERMISSION_DENIED, "not one of those that may");
    } catch (error) {
      refuseStream(stream, GRPC.INTERNAL, "internal");
      onBroken(error, stream);
    }
  };
}

/** gRPC's calls by their paths. */
function createRouter(methods: readonly (readonly [path: string, serve: Serve])[]): Serve {
  const byPath = new Map(methods);
  return (stream) => {
    const serve = byPath.get(stream.header(":path") ?? "");
    if (!isGrpc(stream)) stream.respond(NOT_GRPC, true);
    else if (serve === undefined)
      refuseStream(stream, GRPC.UNIMPLEMENTED, "no method of this server");
    else serve(stream);
  };
}

const NOT_GRPC = encodeHeaders([[":status", "415"]]);

function isGrpc(stream: Stream): boolean {
  const isPost = stream.header(":method") === "POST";
  return isPost && stream.header("content-type")?.startsWith("application/grpc") === true;
}

function ignore(): void {}

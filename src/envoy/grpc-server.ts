import type { IncomingHttpHeaders } from "node:http2";
import { Server, ServerCredentials, status, type UntypedHandleCall } from "@grpc/grpc-js";
import type { Firewall } from "../core/exchange.ts";
import type { Limits } from "../core/limits.ts";
import { decodeTraceparent } from "../core/trace.ts";
import { NO_TRUST, type Trust } from "../core/trust.ts";
import { createByteBudget } from "./body-buffer.ts";
import { createCheck } from "./ext-authz.ts";
import { createExtProc } from "./ext-proc.ts";
import { GrpcCall, refuseStream } from "./grpc-call.ts";
import { allowStreamResets, takeStreams } from "./grpc-internals.ts";
import { createAdmission, type GrpcTls, liveCredentials } from "./grpc-tls.ts";
import { allClosed, handOver } from "./hand-over.ts";
import { createHealth } from "./health.ts";
import { createProcessCodec } from "./process-codec.ts";
import type { OnFault } from "./process-options.ts";
import type { ProcessCall } from "./process-stream.ts";
import { loadServices } from "./protocol.ts";
import { TRACEPARENT } from "./request-head.ts";
import type { ShedReason } from "./shedding.ts";
import { listenBeside } from "./takeover.ts";
import { createTrusted } from "./trust.ts";
import { bindPrivately } from "./unix-socket.ts";

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
  /** Raise Node's limit on stream resets, for meshes without Envoy's graceful-close flag. */
  readonly raiseResetLimits?: boolean;
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

const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
/** gRPC frames hold a chunk of a body and its envelope. */
const FRAME_SLACK_BYTES = 64 * 1024;

/** Both of Envoy's doors and the health service on one gRPC server. Rejects when it cannot bind. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { limits, onFault } = options;
  const services = loadServices();
  const { onOpen = ignore, onClose = ignore, onShed = ignore, tls = null } = options;
  const trusted = createTrusted(options.trust ?? NO_TRUST);
  const firewall: Firewall = { open: (head) => options.firewall.open(trusted(head)) };
  const budget = createByteBudget(limits.heldBodiesMaxBytes);
  const onCallFault: OnFault = (code, error, trace) =>
    onFault(code, error, decodeTraceparent(trace)?.traceId ?? null);
  const extProc = createExtProc({
    ...{ firewall, limits, budget, onOpen, onClose, onShed },
    onFault: onCallFault,
  });
  let draining = false;
  const health = createHealth(() => !draining && options.ready());
  const messageMaxBytes =
    Math.max(limits.requestBodyMaxBytes, limits.responseBodyMaxBytes) + FRAME_SLACK_BYTES;
  const server = new Server({
    "grpc.max_receive_message_length": messageMaxBytes,
    // Nobody asks for it: the port serves no channelz, and counting costs each message something.
    "grpc.enable_channelz": 0,
  });
  if (options.raiseResetLimits !== false) allowStreamResets(server);
  const mayCall = tls === null ? () => true : createAdmission(tls);
  const codec = createProcessCodec(messageMaxBytes);
  const wrap = options.wrapProcess ?? ((process) => process);
  const process = wrap((call) => extProc.process(call));
  takeStreams(server, (stream, headers) => {
    // FAIL CLOSED, here and below: an error status, after which Envoy passes nothing.
    if (!mayCall(stream)) {
      refuseStream(stream, status.PERMISSION_DENIED, "not one of those that may");
      return true;
    }
    // What is no gRPC is grpc-js's to refuse.
    if (headers[":path"] !== PROCESS || !isGrpc(headers)) return false;
    if (extProc.refuses()) refuseStream(stream, status.RESOURCE_EXHAUSTED, "overloaded");
    else runCall(new GrpcCall(stream, headers, codec), process, onCallFault);
    return true;
  });
  add(server, services.authorization, {
    Check: createCheck(firewall, (error, trace) => onCallFault("internal", error, trace)),
  });
  add(server, services.health, health.handlers);
  const { port, stop } = await bind(server, options, tls);

  return {
    port,
    get openStreams() {
      return extProc.openStreams;
    },
    judgeAgain: () => extProc.judgeAgain(),
    async drain(deadlineMs) {
      draining = true;
      health.changed();
      extProc.drain();
      await allClosed(extProc, deadlineMs);
      extProc.abortAll();
      await allClosed(extProc, 1_000);
    },
    async handOver(deadlineMs) {
      await stop();
      await handOver(server, extProc, deadlineMs);
      extProc.abortAll();
      await allClosed(extProc, 1_000);
    },
    close() {
      void stop();
      health.close();
      extProc.close();
      server.forceShutdown();
    },
  };
}

function isGrpc({ ":method": method, "content-type": type }: IncomingHttpHeaders): boolean {
  return method === "POST" && type?.startsWith("application/grpc") === true;
}

/** FAIL CLOSED: a handler that throws ends the call with an error. */
function runCall(call: ProcessCall, process: (call: ProcessCall) => void, onFault: OnFault): void {
  try {
    process(call);
  } catch (error) {
    onFault("internal", error, call.metadata(TRACEPARENT));
    call.fail(status.INTERNAL, "internal");
  }
}

function ignore(): void {}

function add(
  server: Server,
  service: Parameters<Server["addService"]>[0],
  handlers: Record<string, unknown>,
): void {
  server.addService(service, handlers as Record<string, UntypedHandleCall>);
}

interface Bound {
  readonly port: number;
  /** Resolves once no connection is accepted any more. */
  stop(): Promise<void>;
}

async function bind(
  server: Server,
  { address, takesOver = false }: GrpcServerOptions,
  tls: GrpcTls | null,
): Promise<Bound> {
  const credentials = tls === null ? ServerCredentials.createInsecure() : liveCredentials(tls.live);
  if (takesOver) {
    const injector = server.createConnectionInjector(credentials);
    return listenBeside(address, (socket) => injector.injectConnection(socket));
  }
  const bound = (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.bindAsync(address, credentials, (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
  const path = /^unix:(.*)$/s.exec(address)?.[1];
  const port = await (path === undefined ? bound() : bindPrivately(path, bound));
  // `close` does it: whoever listens alone has nobody to leave the address to.
  return { port, stop: async () => undefined };
}

import { status } from "@grpc/grpc-js";
import { expect } from "vitest";
import type { Exchange, Firewall } from "../../src/core/exchange.ts";
import type { ProcessCall } from "../../src/envoy/process-stream.ts";
import type { ProcessingRequest } from "../../src/envoy/protocol.ts";
import type { Reply, Side } from "../../src/envoy/replies.ts";
import { type Call, type OpenCall, openCall } from "./client.ts";
import { type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
import { startTestService, type TestService, type TestServiceOptions } from "./service.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamExchange,
  type UpstreamHandler,
  type UpstreamStream,
} from "./upstream.ts";
import { within } from "./wait.ts";

/** A call of the firewall that can go wrong. */
export type Step = "open" | keyof Omit<Exchange, "close">;

export interface FirewallFault {
  readonly step: Step;
  readonly how: "throws" | "rejects" | "never settles";
  /** Calls of the step that still go well. */
  readonly after?: number;
}

/** What befalls the gRPC stream of one exchange. */
export interface StreamFault {
  /** `start`: before anything is read. */
  readonly at:
    | "start"
    | keyof ProcessingRequest
    | `reply ${Side}_${"headers" | "body" | "trailers"}`
    | "reply immediate_response";
  /** Messages (or replies) of that kind that still go well. */
  readonly after?: number;
  /**
   * `ends`: by `call.end()`, as a `finally` or an iterator that returns would. `ends with OK`: the
   * same, and somebody has vouched for it. `returns`: nothing is done.
   */
  readonly how: "ends" | "ends with OK" | "fails" | "throws" | "returns";
}

/** A server, the service and Envoy, each of which can be made to fail from one test to the next. */
export interface FaultyGateway extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly service: TestService;
  readonly gateway: Gateway;
  /** What goes wrong from now on; nothing by default. */
  firewallFault: FirewallFault | null;
  streamFault: StreamFault | null;
  /** What the server does from now on. */
  handler: UpstreamHandler;
}

/** A call that a server answers event by event, with both ends in the test's hands. */
export interface OpenEvents {
  readonly call: OpenCall;
  readonly server: UpstreamExchange;
  readonly stream: UpstreamStream;
}

/** Opens a stream through the gateway: the answer to a call, or one that listens (GET). */
export async function openEvents(
  faulty: Pick<FaultyGateway, "gateway" | "handler">,
  options: Partial<Call> & { readonly protocol?: "http1" | "http2" } = {},
): Promise<OpenEvents> {
  const { promise, resolve } = Promise.withResolvers<UpstreamExchange>();
  faulty.handler = resolve;
  const { protocol = "http1", ...request } = options;
  const what = request.method === "GET" ? LISTEN : { body: toolCall(canary()) };
  const call = openCall({ ...faulty.gateway, protocol }, { path: "/mcp", ...what, ...request });
  const server = await within("the request at the server", promise);
  return { call, server, stream: server.sse() };
}

const LISTEN = { headers: { accept: "text/event-stream" } };

/** What a server tells while it works. */
export function progress(message: string) {
  const params = { progressToken: 1, progress: 1, message };
  return { jsonrpc: "2.0", method: "notifications/progress", params };
}

/** An error of ours, on record under a decision id. */
export function errorOf(code: string) {
  return { jsonrpc: "2.0", error: { data: { code, decision_id: expect.any(String) } } };
}

export interface FaultyGatewayOptions extends TestServiceOptions {
  readonly gateway?: Partial<GatewayOptions>;
}

/** Long enough for a busy machine, short enough for a test to wait for. */
export const SHORT_LIMITS = {
  requestBodyDeadlineMs: 700,
  verdictDeadlineMs: 700,
  responseHeadDeadlineMs: 700,
  responseBodyDeadlineMs: 700,
  sseSilenceDeadlineMs: 700,
  sseHeartbeatMs: 100,
} as const;

export async function startFaultyGateway(
  options: FaultyGatewayOptions = {},
): Promise<FaultyGateway> {
  const upstream = await startUpstream((exchange) => faulty.handler(exchange));
  const service = await startTestService({
    ...options,
    limits: { ...SHORT_LIMITS, ...options.limits },
    firewall: (real) =>
      createFaultyFirewall(options.firewall?.(real) ?? real, () => faulty.firewallFault),
    wrapProcess: (process) => breakStreams(process, () => faulty.streamFault),
  });
  const gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service,
    ...options.gateway,
  });
  const faulty: FaultyGateway = {
    upstream,
    service,
    gateway,
    firewallFault: null,
    streamFault: null,
    handler: (exchange) => exchange.json({}),
    [Symbol.asyncDispose]: async () => {
      await gateway.stop();
      await service.stop();
      await upstream.stop();
    },
  };
  return faulty;
}

/** The real firewall, until the step that is to fail. */
function createFaultyFirewall(real: Firewall, fault: () => FirewallFault | null): Firewall {
  return {
    open(head) {
      const current = fault();
      if (current?.step === "open") throw new Error("the test's own fault");
      const exchange = real.open(head);
      return current === null ? exchange : spoil(exchange, current);
    },
  };
}

function spoil(exchange: Exchange, { step, how, after = 0 }: FirewallFault): Exchange {
  let left = after;
  return new Proxy(exchange, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: unknown[]): unknown => {
        if (name !== step || left-- > 0) return Reflect.apply(member, target, given);
        if (how === "never settles") return new Promise(() => undefined);
        const error = new Error("the test's own fault");
        if (how === "rejects") return Promise.reject(error);
        throw error;
      };
    },
  });
}

/**
 * The real handler, on a call that breaks at the moment that `fault` names; then nothing more gets
 * through. Null: all goes well.
 */
export function breakStreams(
  process: (call: ProcessCall) => void,
  fault: () => StreamFault | null,
) {
  return (call: ProcessCall): void => {
    const current = fault();
    if (current === null) {
      process(call);
      return;
    }
    const { at, how } = current;
    if (at === "start") {
      strike(call, how);
      return;
    }
    let left = current.after ?? 0;
    let isBroken = false;
    const breakNow = (kind: string): boolean => {
      if (isBroken || kind !== at || left-- > 0) return isBroken;
      isBroken = true;
      strike(call, how);
      return true;
    };
    overhear(call, (message) => breakNow(kindOf(message)));
    const write = call.write.bind(call);
    call.write = (replies): boolean => {
      let taken = true;
      for (const reply of replies) {
        if (isBroken) return true;
        taken = write([reply]);
        breakNow(`reply ${nameOf(reply)}`);
      }
      return taken;
    };
    process(call);
  };
}

/** Has somebody hear each message first; one for which it says true goes no further. */
export function overhear(call: ProcessCall, hear: (message: ProcessingRequest) => boolean): void {
  const listen = call.listen.bind(call);
  call.listen = (listener) =>
    listen({
      onMessage: (message) => {
        if (!hear(message)) listener.onMessage(message);
      },
      onHalfClose: () => listener.onHalfClose(),
      onDrain: () => listener.onDrain(),
      onClose: () => listener.onClose(),
    });
}

/** As `proto/` calls it. */
function nameOf(reply: Reply): string {
  return reply.kind === "immediate" ? "immediate_response" : `${reply.side}_${reply.kind}`;
}

/** The one member of a message that says what it is. */
export function kindOf(message: ProcessingRequest): string {
  const members = Object.entries(message);
  const found = members.find(
    ([name, value]) => /^(request|response|immediate)_/.test(name) && value,
  );
  return found?.[0] ?? "";
}

function strike(call: ProcessCall, how: StreamFault["how"]): void {
  switch (how) {
    case "ends with OK":
      call.vouch();
      call.end();
      return;
    case "ends":
      call.end();
      return;
    case "fails":
      call.fail(status.INTERNAL, "the test's own fault");
      return;
    case "throws":
      throw new Error("the test's own fault");
    default:
      return;
  }
}

let canaries = 0;

/** A text that appears nowhere else: whoever has it was given it. */
export function canary(): string {
  canaries += 1;
  return `canary-${process.pid}-${canaries}-end`;
}

/** A call of a tool; what it sends back and forth is the text. */
export function toolCall(text: string, id: number | string = 7, name = "echo") {
  const params = { name, arguments: { text } };
  return { jsonrpc: "2.0", id, method: "tools/call", params };
}

export function toolResult(text: string, id: number | string = 7) {
  return { jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } };
}

/** All that a client has of an exchange once it is over. */
export interface Ending {
  readonly ended: "complete" | "broken";
  /** Null when the connection broke before any head came. */
  readonly status: number | null;
  readonly headers: ReadonlyMap<string, string>;
  /** Every byte of the body, and each header. */
  readonly received: string;
  readonly text: string;
  json(): unknown;
}

/** Waits for the end of an exchange, however it ends. FAIL CLOSED includes: it does end. */
export async function endingOf(exchange: OpenCall, deadlineMs = 5_000): Promise<Ending> {
  const ended = await within("the exchange to end", exchange.ended, deadlineMs);
  const head = await exchange.head.catch(() => null);
  exchange.abort();
  const text = exchange.bytes().toString("utf8");
  const headers = head?.headers ?? new Map<string, string>();
  return {
    ended,
    status: head?.status ?? null,
    headers,
    received: `${JSON.stringify([...headers])}\n${text}`,
    text,
    json: () => JSON.parse(text),
  };
}

/** Envoy's own answer when the service gave none (`local_reply_config` of the bootstrap). */
export const UNAVAILABLE = {
  jsonrpc: "2.0",
  id: null,
  error: {
    code: -31900,
    message: "The firewall gave no usable answer; this exchange was stopped.",
    data: { code: "firewall_unavailable" },
  },
};

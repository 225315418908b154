import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";

import type { Json } from "../core/policy.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { LiveTls, TlsMaterial } from "../core/tls.ts";
import {
  type AccessRefusal,
  type AdminAccess,
  createPorter,
  type Need,
  OPEN_ACCESS,
  type Porter,
} from "./admin-access.ts";
import type { Metrics } from "./metrics.ts";

export interface AdminOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Whether messages can be decided now. */
  readonly ready: () => boolean;
  /** Codes of what stands against it, to be told with "not ready". */
  readonly hindrances?: () => readonly string[];
  /** What happens to a message for which no rule speaks. */
  readonly policyDefault: () => "deny" | "allow";
  readonly metrics: Pick<Metrics, "contentType" | "render">;
  /** For all that is on the way, unless told otherwise. */
  readonly access?: AdminAccess;
  /** Plain HTTP without it. */
  readonly tls?: LiveTls | null;
  /** What else is served. */
  readonly routes?: readonly AdminRoute[];
  readonly onRefused?: (reason: AccessRefusal["reason"]) => void;
}

/** A path and all below it. It says for itself who may ask, and what; no web page ever may. */
export interface AdminRoute {
  readonly path: string;
  answer(asked: AdminRequest): AdminAnswer | Promise<AdminAnswer>;
}

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** Null where it is too large for anything that is asked here. */
  readonly body: Uint8Array | null;
}

/** The running server of `/health`, `/ready`, `/metrics` and what else was given to it. */
export interface Admin {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminFailure {
  /** Such as `EADDRINUSE`. */
  readonly code: string;
}

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: { readonly [name: string]: string };
}

type AnyServer = Server | SecureServer;

const JSON_TYPE = "application/json; charset=utf-8";
const BODY_MAX_BYTES = 4 * 1024;
const HEADERS_MAX_BYTES = 8 * 1024;
const REQUEST_DEADLINE_MS = 5_000;
const CONNECTIONS_MAX = 64;
const REQUESTS_PER_CONNECTION_MAX = 1_000;

const LIMITS = {
  maxHeaderSize: HEADERS_MAX_BYTES,
  headersTimeout: REQUEST_DEADLINE_MS,
  requestTimeout: REQUEST_DEADLINE_MS,
  keepAliveTimeout: REQUEST_DEADLINE_MS,
  connectionsCheckingInterval: REQUEST_DEADLINE_MS / 5,
};

/** Serves what watches over the service, and what operators do to it. */
export function startAdmin(options: AdminOptions): Promise<Result<Admin, AdminFailure>> {
  const porter = createPorter(options.host, options.access ?? OPEN_ACCESS);
  const server = serverFor(options.tls ?? null, (request, response) => {
    inTime(answer(request, porter, options)).then(
      (reply) => send(request, response, reply),
      () => send(request, response, plain(500, "internal error")),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  return listen(server, options);
}

function serverFor(
  tls: LiveTls | null,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): AnyServer {
  if (tls === null) return createServer(LIMITS, onRequest);
  const handshake = { handshakeTimeout: REQUEST_DEADLINE_MS };
  const secure = { ...LIMITS, ...handshake, ...contextOf(tls.current()) };
  const server = createSecureServer(secure, onRequest);
  tls.onChange((material) => server.setSecureContext(contextOf(material)));
  return server;
}

function contextOf({ certificate, key }: TlsMaterial) {
  return { cert: certificate, key, minVersion: "TLSv1.2" } as const;
}

function listen(server: AnyServer, options: AdminOptions): Promise<Result<Admin, AdminFailure>> {
  const outcome = Promise.withResolvers<Result<Admin, AdminFailure>>();
  // Later ones too: a connection that cannot be taken (EMFILE) is no reason to end the process.
  server.on("error", (error: NodeJS.ErrnoException) => {
    outcome.resolve(err({ code: error.code ?? "UNKNOWN" }));
  });
  server.listen(options.port, options.host, () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : options.port;
    outcome.resolve(ok({ host: options.host, port, close: () => close(server) }));
  });
  return outcome.promise;
}

function close(server: AnyServer): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  server.closeAllConnections();
  return closed.promise;
}

async function answer(
  request: IncomingMessage,
  porter: Porter,
  options: AdminOptions,
): Promise<AdminAnswer> {
  const stranger = porter.visitor(request);
  if (stranger !== null) return refused(stranger, options);
  const path = request.url?.split("?", 1)[0] ?? "";
  const own = ownPage(path, options);
  if (own === null) return answerRoute(request, path, options);
  if (request.method !== "GET" && request.method !== "HEAD") return wrongMethod();
  const refusal = porter.credential(request, own.need);
  return refusal === null ? own.page() : refused(refusal, options);
}

async function answerRoute(
  request: IncomingMessage,
  path: string,
  { routes = [], onRefused }: AdminOptions,
): Promise<AdminAnswer> {
  const route = routes.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  if (route === undefined) return plain(404, "there are /health, /ready and /metrics");
  const { method = "", headers } = request;
  const body = await bodyOf(request);
  const reply = await route.answer({ method, path, authorization: headers.authorization, body });
  if (reply.status === 401) onRefused?.("token");
  return reply;
}

/** Null where it is larger than anything that is asked here. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += (chunk as Buffer).length;
    if (length > BODY_MAX_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The pages that are always there: those of probes are open, as a probe shows nothing. */
function ownPage(
  path: string,
  options: AdminOptions,
): { readonly need: Need; readonly page: () => AdminAnswer | Promise<AdminAnswer> } | null {
  const { metrics, access = OPEN_ACCESS } = options;
  switch (path) {
    case "/health":
      return {
        need: "open",
        page: () => json(200, { status: "ok", policy: options.policyDefault() }),
      };
    case "/ready":
      return { need: "open", page: () => readiness(options) };
    case "/metrics":
      return {
        need: access.metrics === "open" ? "open" : "guarded",
        page: async () => ({
          status: 200,
          contentType: metrics.contentType,
          body: await metrics.render(),
        }),
      };
    default:
      return null;
  }
}

function readiness({ ready, hindrances }: AdminOptions): AdminAnswer {
  if (ready()) return json(200, { status: "ready" });
  const reasons = hindrances?.() ?? [];
  return json(503, { status: "not ready", ...(reasons.length === 0 ? {} : { reasons }) });
}

function refused(
  { status, reason, text }: AccessRefusal,
  { onRefused }: AdminOptions,
): AdminAnswer {
  onRefused?.(reason);
  const challenge = status === 401 ? { "www-authenticate": 'Bearer realm="impedance"' } : {};
  return { ...plain(status, text), headers: challenge };
}

function wrongMethod(): AdminAnswer {
  return { ...plain(405, "use GET"), headers: { allow: "GET, HEAD" } };
}

function json(status: number, body: Json): AdminAnswer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(body) };
}

function plain(status: number, text: string): AdminAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

function inTime(answering: Promise<AdminAnswer>): Promise<AdminAnswer> {
  const late = Promise.withResolvers<AdminAnswer>();
  const timer = setTimeout(() => late.resolve(plain(503, "took too long")), REQUEST_DEADLINE_MS);
  return Promise.race([answering, late.promise]).finally(() => clearTimeout(timer));
}

function send(request: IncomingMessage, response: ServerResponse, reply: AdminAnswer): void {
  const headers = {
    "content-type": reply.contentType,
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...reply.headers,
  };
  response.writeHead(reply.status, headers);
  response.end(request.method === "HEAD" ? undefined : reply.body);
}

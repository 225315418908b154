import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";

import type { AdminReply, AdminRoute } from "../core/admin.ts";
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
import { findRoute, readBody } from "./admin-request.ts";
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
  /** What else can be asked for. */
  readonly routes?: readonly AdminRoute[];
  readonly onRefused?: (reason: AccessRefusal["reason"]) => void;
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

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: { readonly [name: string]: string };
}

type AnyServer = Server | SecureServer;

const JSON_TYPE = "application/json; charset=utf-8";
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
  server.once("error", (error: NodeJS.ErrnoException) => {
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
): Promise<Answer> {
  const stranger = porter.visitor(request);
  if (stranger !== null) return refused(stranger, options);
  const path = request.url?.split("?", 1)[0] ?? "";
  const own = ownPage(path, options);
  if (own === null) return answerRoute(request, path, porter, options);
  if (request.method !== "GET" && request.method !== "HEAD") return wrongMethod(["GET", "HEAD"]);
  const refusal = porter.credential(request, own.need);
  return refusal === null ? own.page() : refused(refusal, options);
}

async function answerRoute(
  request: IncomingMessage,
  path: string,
  porter: Porter,
  options: AdminOptions,
): Promise<Answer> {
  const found = findRoute(options.routes ?? [], request.method ?? "", path);
  if (found === null) return plain(404, `there are ${pathsOf(options)}`);
  if (found.kind === "other") return wrongMethod(found.methods);
  const need = found.route.needsToken ? "token" : "guarded";
  const refusal = porter.credential(request, need);
  if (refusal !== null) return refused(refusal, options);
  const body = await readBody(request);
  if (body === null) return { ...plain(413, "too large"), headers: { connection: "close" } };
  const { searchParams: query } = new URL(request.url ?? "", "http://localhost");
  return structured(await found.route.handle({ rest: found.rest, query, body }));
}

const PROBES = ["/health", "/ready", "/metrics"] as const;

function pathsOf({ routes = [] }: AdminOptions): string {
  const paths = [...new Set([...PROBES, ...routes.map(({ path }) => path)])];
  return `${paths.slice(0, -1).join(", ")} and ${paths.at(-1)}`;
}

/** The pages that are always there: those of probes are open, as a probe shows nothing. */
function ownPage(
  path: string,
  options: AdminOptions,
): { readonly need: Need; readonly page: () => Answer | Promise<Answer> } | null {
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

function readiness({ ready, hindrances }: AdminOptions): Answer {
  if (ready()) return json(200, { status: "ready" });
  const reasons = hindrances?.() ?? [];
  return json(503, { status: "not ready", ...(reasons.length === 0 ? {} : { reasons }) });
}

function refused({ status, reason, text }: AccessRefusal, { onRefused }: AdminOptions): Answer {
  onRefused?.(reason);
  const challenge = status === 401 ? { "www-authenticate": 'Bearer realm="impedance"' } : {};
  return { ...plain(status, text), headers: challenge };
}

function wrongMethod(methods: readonly string[]): Answer {
  return { ...plain(405, `use ${methods[0]}`), headers: { allow: methods.join(", ") } };
}

function structured({ status, body }: AdminReply): Answer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(body) };
}

function json(status: number, body: AdminReply["body"]): Answer {
  return structured({ status, body });
}

function plain(status: number, text: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

function inTime(answering: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => late.resolve(plain(503, "took too long")), REQUEST_DEADLINE_MS);
  return Promise.race([answering, late.promise]).finally(() => clearTimeout(timer));
}

function send(request: IncomingMessage, response: ServerResponse, reply: Answer): void {
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

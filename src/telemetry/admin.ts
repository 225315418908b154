import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";

import { err, ok, type Result } from "../core/result.ts";
import type { Metrics } from "./metrics.ts";

export interface AdminOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Whether messages can be decided now. */
  readonly ready: () => boolean;
  /** What happens to a message for which no rule speaks. */
  readonly policyDefault: () => "deny" | "allow";
  readonly metrics: Pick<Metrics, "contentType" | "render">;
  /** What else is served. */
  readonly routes?: readonly AdminRoute[];
}

/** A path and all below it. It says for itself who may ask, and what. */
export interface AdminRoute {
  readonly path: string;
  answer(asked: AdminRequest): AdminAnswer;
}

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** Null where it is too large for anything that is asked here. */
  readonly body: Uint8Array | null;
}

/** The running server of `/health`, `/ready` and `/metrics`. */
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
}

const JSON_TYPE = "application/json; charset=utf-8";
const BODY_MAX_BYTES = 4 * 1024;
const HEADERS_MAX_BYTES = 8 * 1024;
const REQUEST_DEADLINE_MS = 5_000;
const CONNECTIONS_MAX = 64;

/**
 * Serves what watches over the service: probes and metrics, to be read and not changed. What can be
 * changed has a route of its own.
 */
export function startAdmin(options: AdminOptions): Promise<Result<Admin, AdminFailure>> {
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: REQUEST_DEADLINE_MS,
      requestTimeout: REQUEST_DEADLINE_MS,
      keepAliveTimeout: REQUEST_DEADLINE_MS,
      connectionsCheckingInterval: REQUEST_DEADLINE_MS / 5,
    },
    (request, response) => {
      answer(request, options).then(
        (reply) => send(request, response, reply),
        () => send(request, response, plain(500, "internal error")),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  return listen(server, options);
}

function listen(server: Server, options: AdminOptions): Promise<Result<Admin, AdminFailure>> {
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

function close(server: Server): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  server.closeAllConnections();
  return closed.promise;
}

async function answer(request: IncomingMessage, options: AdminOptions): Promise<AdminAnswer> {
  if (!isOwnHost(request, options.host)) return plain(403, "this is not the host you asked for");
  const path = request.url?.split("?", 1)[0];
  const route = options.routes?.find(
    (one) => path === one.path || path?.startsWith(`${one.path}/`),
  );
  if (route !== undefined && path !== undefined) {
    const { method = "", headers } = request;
    const body = await bodyOf(request);
    return route.answer({ method, path, authorization: headers.authorization, body });
  }
  if (path !== "/health" && path !== "/ready" && path !== "/metrics") {
    return plain(404, "there are /health, /ready and /metrics");
  }
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "use GET");

  switch (path) {
    case "/health":
      return json(200, { status: "ok", policy: options.policyDefault() });
    case "/ready":
      return options.ready() ? json(200, { status: "ready" }) : json(503, { status: "not ready" });
    default:
      return {
        status: 200,
        contentType: options.metrics.contentType,
        body: await options.metrics.render(),
      };
  }
}

/** Null where it is larger than anything that is asked here. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > BODY_MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A web page can make a browser ask a loopback port, under a name of the page's own that resolves
 * to it (DNS rebinding); the Host header then holds that name. Ours is an address, or `localhost`.
 */
function isOwnHost(request: IncomingMessage, host: string): boolean {
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(request.headers.host ?? "");
  const asked = (name?.[1] ?? name?.[2])?.toLowerCase();
  if (asked === undefined) return false;
  if (asked === "localhost" || asked === "127.0.0.1" || asked === "::1") return true;
  if (asked === host.toLowerCase()) return true;
  const local = request.socket.localAddress?.replace(/^::ffff:/, "");
  return isIP(asked) !== 0 && asked === local;
}

function json(status: number, body: { readonly [key: string]: string }): AdminAnswer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(body) };
}

function plain(status: number, text: string): AdminAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, reply: AdminAnswer): void {
  const headers = {
    "content-type": reply.contentType,
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(reply.status === 405 ? { allow: "GET, HEAD" } : {}),
  };
  response.writeHead(reply.status, headers);
  response.end(request.method === "HEAD" ? undefined : reply.body);
}

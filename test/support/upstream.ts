import { createServer, ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerResponse } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { Server, Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { waitFor } from "./wait.ts";

type Fields = { readonly [name: string]: string | number };
type RawReply = ServerResponse | Http2ServerResponse;
type RawRequest = Readable & {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly headers: { readonly [name: string]: string | string[] | undefined };
};

/** What reached the server of one request, as far as it has come. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders: readonly string[];
  /** The bytes of the body so far. */
  body(): Buffer;
  /** The whole body, once it has come to its end. */
  readonly whole: Promise<Buffer>;
}

/** An SSE response, event by event. */
export interface UpstreamStream {
  /** One `data:` event; an object is sent as JSON. Resolves when the socket took it. */
  send(data: unknown, fields?: { event?: string; id?: string }): Promise<void>;
  /** Bytes as they are. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** The bytes in two packets, cut at `at`: inside a UTF-8 character if need be. */
  split(bytes: string | Uint8Array, at: number): Promise<void>;
  end(): void;
}

/** One request and the reply to it. */
export interface UpstreamExchange {
  readonly request: ReceivedRequest;
  json(value: unknown, options?: { status?: number; headers?: Fields }): void;
  /** A reply of any kind; the body as it is. */
  reply(status: number, headers?: Fields, body?: string | Uint8Array): void;
  /** JSON in gzip, whatever the request accepts. */
  gzip(value: unknown): void;
  sse(headers?: Fields): UpstreamStream;
  /** Writes `total` bytes of `chunk`, as fast as they are taken. Resolves with what was taken. */
  flood(total: number, chunk: Uint8Array, headers?: Fields): Promise<number>;
  /** Bytes of the response body that were taken from us so far. */
  accepted(): number;
  /** Breaks the connection (HTTP/2: resets the stream). */
  destroy(): void;
  /** How the response came to its end. */
  readonly closed: Promise<"finished" | "aborted">;
}

export type UpstreamHandler = (exchange: UpstreamExchange) => void | Promise<void>;

export interface UpstreamOptions {
  readonly protocol?: "http1" | "http2";
  /** PEM; with them, TLS with HTTP/1.1. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly host?: string;
}

/** A server of the test's own, recording all that reaches it. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT/mcp` (`https` with TLS). */
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Exchanges in the order of `requests`. */
  readonly exchanges: readonly UpstreamExchange[];
  /** Every byte that reached the server; of HTTP/2, heads as text and bodies. */
  seen(): Buffer;
  openConnections(): number;
  /** Exchanges whose response has not ended. */
  openExchanges(): number;
  nextExchange(): Promise<UpstreamExchange>;
  stop(): Promise<void>;
}

/** Long enough for the peer to read the first part as a packet of its own. */
const BETWEEN_PACKETS_MS = 15;

/** Starts a server on a free port of the loopback interface. */
export async function startUpstream(
  handler: UpstreamHandler,
  options: UpstreamOptions = {},
): Promise<Upstream> {
  const received: Buffer[] = [];
  const requests: ReceivedRequest[] = [];
  const exchanges: UpstreamExchange[] = [];
  const sockets = new Set<Socket>();
  let open = 0;
  let claimed = 0;

  const onRequest = (raw: RawRequest, reply: RawReply): void => {
    const request = record(raw, options.protocol === "http2" ? received : []);
    const exchange = exchangeOf(request, reply);
    requests.push(request);
    exchanges.push(exchange);
    open += 1;
    void exchange.closed.then(() => {
      open -= 1;
    });
    Promise.resolve(handler(exchange)).catch((error: unknown) => {
      console.error("the upstream's handler failed", error);
      exchange.destroy();
    });
  };
  const server = serverFor(options, onRequest);
  server.on(options.tls ? "secureConnection" : "connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    if (options.protocol !== "http2") socket.on("data", (bytes: Buffer) => received.push(bytes));
  });

  const port = await listen(server, options.host ?? "127.0.0.1");
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    port,
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}/mcp`,
    requests,
    exchanges,
    seen: () => Buffer.concat(received),
    openConnections: () => sockets.size,
    openExchanges: () => open,
    nextExchange: async () => {
      const at = claimed;
      claimed += 1;
      return waitFor(`request ${at + 1} at the upstream`, () => exchanges[at]);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function serverFor(
  options: UpstreamOptions,
  onRequest: (request: RawRequest, reply: RawReply) => void,
): Server {
  if (options.protocol === "http2") return createHttp2Server(onRequest);
  if (options.tls) return createTlsServer(options.tls, onRequest);
  // A process that a busy machine holds up would close connections before Envoy, which means to be first.
  return createServer({ keepAliveTimeout: 60_000 }, onRequest);
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no TCP port"));
      else resolve(address.port);
    });
  });
}

function record(raw: RawRequest, transcript: Buffer[]): ReceivedRequest {
  const chunks: Buffer[] = [];
  const { rawHeaders, headers, method = "", url = "" } = raw;
  transcript.push(Buffer.from(`${method} ${url}\n${rawHeaders.join("\n")}\n\n`));
  const whole = new Promise<Buffer>((resolve, reject) => {
    raw.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      transcript.push(chunk);
    });
    raw.on("end", () => resolve(Buffer.concat(chunks)));
    raw.on("error", reject);
    raw.on("close", () => reject(new Error("the request broke off")));
  });
  whole.catch(() => undefined);
  return { method, path: url, headers, rawHeaders, body: () => Buffer.concat(chunks), whole };
}

function exchangeOf(request: ReceivedRequest, raw: RawReply): UpstreamExchange {
  let accepted = 0;
  const gone = closed(raw);
  const write = (bytes: string | Uint8Array): Promise<void> => {
    const buffer = Buffer.from(bytes);
    const taken = new Promise<void>((resolve) => {
      const onTaken = (error?: Error | null): void => {
        if (!error) accepted += buffer.length;
        resolve();
      };
      if (raw instanceof ServerResponse) raw.write(buffer, onTaken);
      else raw.write(buffer, "utf8", onTaken);
    });
    return Promise.race([taken, gone]);
  };
  const reply = (status: number, headers: Fields = {}, body: string | Uint8Array = ""): void => {
    const bytes = Buffer.from(body);
    const sized = bytes.length === 0 ? headers : { "content-length": bytes.length, ...headers };
    writeHead(raw, status, sized);
    endReply(raw, bytes);
  };
  const json = { "content-type": "application/json" };

  return {
    request,
    reply,
    json: (value, { status = 200, headers = {} } = {}) =>
      reply(status, { ...json, ...headers }, JSON.stringify(value)),
    gzip: (value) =>
      reply(200, { ...json, "content-encoding": "gzip" }, gzipSync(JSON.stringify(value))),
    sse: (headers = {}) => {
      writeHead(raw, 200, { "content-type": "text/event-stream", ...headers });
      if (raw instanceof ServerResponse) raw.flushHeaders();
      return streamOf(raw, write);
    },
    flood: async (total, chunk, headers = json) => {
      writeHead(raw, 200, headers);
      while (accepted < total && !raw.destroyed) {
        await write(chunk.subarray(0, total - accepted));
      }
      endReply(raw);
      return accepted;
    },
    accepted: () => accepted,
    destroy: () => {
      if (raw instanceof ServerResponse) raw.socket?.destroy();
      else raw.stream.close(2);
    },
    closed: gone.then(() => (raw.writableFinished ? "finished" : "aborted")),
  };
}

function streamOf(
  raw: RawReply,
  write: (bytes: string | Uint8Array) => Promise<void>,
): UpstreamStream {
  return {
    write,
    send: (data, fields = {}) => {
      const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
      const text = typeof data === "string" ? data : JSON.stringify(data);
      return write(`${head.join("")}data: ${text}\n\n`);
    },
    split: async (bytes, at) => {
      const buffer = Buffer.from(bytes);
      await write(buffer.subarray(0, at));
      await delay(BETWEEN_PACKETS_MS);
      await write(buffer.subarray(at));
    },
    end: () => endReply(raw),
  };
}

function writeHead(raw: RawReply, status: number, headers: Fields): void {
  if (raw instanceof ServerResponse) raw.writeHead(status, headers);
  else raw.writeHead(status, headers);
}

function endReply(raw: RawReply, bytes: Uint8Array = new Uint8Array()): void {
  if (raw instanceof ServerResponse) raw.end(bytes);
  else raw.end(bytes);
}

function closed(raw: RawReply): Promise<void> {
  if (raw.destroyed && raw.closed) return Promise.resolve();
  return new Promise((resolve) => raw.once("close", () => resolve()));
}

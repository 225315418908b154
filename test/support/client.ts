import { request as httpRequest } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect as connectTcp } from "node:net";
import type { Readable, Writable } from "node:stream";

import { type SseEvent, type SseReader, sseReader } from "./sse-reader.ts";
import { within } from "./wait.ts";

export type { SseEvent, SseReader };

export interface Target {
  readonly host: string;
  readonly port: number;
  /** `http2` by prior knowledge, with `ca` over TLS; `http1` if absent. */
  readonly protocol?: "http1" | "http2";
  /** PEM of the authority that signed the server's certificate: turns TLS on. */
  readonly ca?: string;
  /** What the client shows of itself; PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  /** An object is sent as JSON with the headers of an MCP client. */
  readonly body?: string | Uint8Array | { readonly [key: string]: unknown } | readonly unknown[];
}

export interface ReplyHead {
  readonly status: number;
  /** Lower-case names; of several values the last. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface Reply extends ReplyHead {
  readonly body: Buffer;
  readonly text: string;
  json(): unknown;
}

/** A request on its way and the reply to it, under the test's control. */
export interface OpenCall {
  /** Sends a part of the request's body; resolves when the socket took it. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Ends the request's body. */
  end(): void;
  readonly head: Promise<ReplyHead>;
  /** The whole reply. Rejects when it breaks off. */
  reply(): Promise<Reply>;
  /** The reply's events, one by one. */
  readonly events: SseReader;
  /** How the reply ended: `complete`, or `broken` by a reset or a truncated body. */
  readonly ended: Promise<"complete" | "broken">;
  /** Body bytes read so far. */
  bytes(): Buffer;
  /** Stops reading, so that back-pressure builds up; nothing more arrives until `resume`. */
  pause(): void;
  resume(): void;
  /** Breaks the connection off (HTTP/2: resets the stream). */
  abort(): void;
}

const MCP_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

/** Sends a whole request and reads the whole reply. */
export async function call(target: Target, options: Call): Promise<Reply> {
  const exchange = openCall(target, options);
  try {
    return await within(`a reply to ${options.path}`, exchange.reply());
  } finally {
    exchange.abort();
  }
}

/** As `openCall`, resolved once the reply's head is there. For streams. */
export async function openStream(
  target: Target,
  options: Call,
): Promise<OpenCall & { readonly status: number; readonly headers: ReplyHead["headers"] }> {
  const exchange = openCall(target, options);
  const head = await within(`the head of a reply to ${options.path}`, exchange.head);
  return { ...exchange, ...head };
}

/** Sends a whole request; the reply is read by the test. */
export function openCall(target: Target, options: Call): OpenCall {
  const body = encodeBody(options.body);
  const exchange = open(target, options, body !== undefined);
  if (body !== undefined) void exchange.write(body);
  exchange.end();
  return exchange;
}

/** Sends the head of a request; the test writes its body, as slowly as it likes. */
export function openUpload(target: Target, options: Call): OpenCall {
  return open(target, { method: "POST", ...options }, true);
}

function open(target: Target, options: Call, hasBody: boolean): OpenCall {
  const isJson = typeof options.body === "object" && !(options.body instanceof Uint8Array);
  const body = encodeBody(options.body);
  const headers = {
    ...(isJson ? MCP_HEADERS : {}),
    ...(body === undefined ? {} : { "content-length": String(body.length) }),
    ...options.headers,
  };
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const wire =
    target.protocol === "http2"
      ? openHttp2(target, { ":method": method, ":path": options.path, ...headers }, !hasBody)
      : openHttp1(target, method, options.path, headers);
  return observe(wire);
}

/** Sends bytes as they are and returns all that comes until the peer closes or `quietMs` pass. */
export function sendRaw(target: Target, bytes: string, quietMs = 1_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(target.port, target.host);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.write(bytes, "latin1");
  });
}

interface Wire {
  readonly request: Writable;
  readonly head: Promise<ReplyHead & { readonly body: Readable }>;
  abort(): void;
}

type HeaderFields = { readonly [name: string]: string };

function openHttp1(target: Target, method: string, path: string, headers: HeaderFields): Wire {
  const { host, port, ca, cert, key } = target;
  const options = { host, port, method, path, headers, agent: false as const };
  const request = ca
    ? httpsRequest({ ...options, ca, cert, key, servername: "localhost" })
    : httpRequest(options);
  const head = new Promise<ReplyHead & { body: Readable }>((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      const fields = Object.entries(response.headers).map(
        ([name, value]) => [name, String(value)] as const,
      );
      const { statusCode = 0 } = response;
      resolve({ status: statusCode, headers: new Map(fields), body: response });
    });
  });
  request.on("error", () => undefined);
  request.flushHeaders();
  return { request, head, abort: () => request.destroy() };
}

function openHttp2(target: Target, headers: HeaderFields, endStream: boolean): Wire {
  const authority = `${target.ca ? "https" : "http"}://${target.host}:${target.port}`;
  const session = connectHttp2(
    authority,
    target.ca ? { ca: target.ca, cert: target.cert, key: target.key, servername: "localhost" } : {},
  );
  const stream = session.request(headers, { endStream });
  const head = new Promise<ReplyHead & { body: Readable }>((resolve, reject) => {
    session.once("error", reject);
    stream.once("error", reject);
    stream.once("close", () => reject(new Error("the stream closed without a reply")));
    stream.once("response", (fields) => {
      const entries = Object.entries(fields).map(([name, value]) => [name, String(value)] as const);
      resolve({ status: Number(fields[":status"]), headers: new Map(entries), body: stream });
    });
  });
  session.on("error", () => undefined);
  stream.on("error", () => undefined);
  stream.on("close", () => session.close());
  return {
    request: stream,
    head,
    abort: () => {
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      session.close();
    },
  };
}

function observe(wire: Wire): OpenCall {
  const chunks: Buffer[] = [];
  const events = sseReader();
  let body: Readable | undefined;
  let paused = false;
  const head = wire.head.then(({ status, headers }) => ({ status, headers }));
  // A test that aborts its call does not wait for the head.
  head.catch(() => undefined);

  const ended = wire.head.then(
    (opened) =>
      new Promise<"complete" | "broken">((resolve) => {
        body = opened.body;
        const isStream = opened.headers.get("content-type")?.startsWith("text/event-stream");
        let complete = false;
        opened.body.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          if (isStream) events.push(chunk);
        });
        opened.body.on("end", () => {
          complete = true;
        });
        opened.body.on("error", () => undefined);
        opened.body.on("close", () => {
          events.finish();
          resolve(complete && !isBroken(opened.body) ? "complete" : "broken");
        });
        if (paused) opened.body.pause();
      }),
    () => {
      events.finish();
      return "broken" as const;
    },
  );

  const reply = async (): Promise<Reply> => {
    const { status, headers } = await wire.head;
    if ((await ended) === "broken") throw new Error(`the reply (status ${status}) broke off`);
    const bytes = Buffer.concat(chunks);
    const text = bytes.toString("utf8");
    return { status, headers, body: bytes, text, json: () => JSON.parse(text) };
  };
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        wire.request.write(bytes, () => resolve());
      }),
    end: () => {
      wire.request.end();
    },
    head,
    reply,
    events,
    ended,
    bytes: () => Buffer.concat(chunks),
    pause: () => {
      paused = true;
      body?.pause();
    },
    resume: () => {
      paused = false;
      body?.resume();
    },
    abort: wire.abort,
  };
}

/** HTTP/2 ends the readable side of a reset stream too; the code tells them apart. */
function isBroken(body: Readable): boolean {
  const code: unknown = Reflect.get(body, "rstCode");
  return typeof code === "number" && code !== 0;
}

function encodeBody(body: Call["body"]): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}

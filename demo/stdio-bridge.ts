import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import {
  getDefaultEnvironment,
  StdioClientTransport,
} from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

/** Which stdio server to expose, and where. */
export interface StdioBridgeOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly host?: string;
  /** 0, or nothing: a free one. */
  readonly port?: number;
  /** Sessions at a time; one more ends the one that was silent longest. */
  readonly maxSessions?: number;
  /** What the children write to standard error; dropped if absent. */
  readonly log?: (line: string) => void;
}

/** A stdio MCP server, reachable over streamable HTTP. */
export interface StdioBridge {
  readonly url: string;
  readonly port: number;
  /** Process ids of the children that run. */
  children(): number[];
  stop(): Promise<void>;
}

interface Session {
  readonly http: StreamableHTTPServerTransport;
  readonly pid: () => number | null;
  /** Notes the answer to a listening GET, so that held messages can follow. */
  listening(response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

const MAX_SESSIONS = 32;
const HELD_MESSAGES_MAX = 64;
const HEAD_POLL_MS = 5;

/**
 * Exposes a server that speaks only stdio over streamable HTTP: the SDK's own transports, piped
 * into each other. Each HTTP session has a child of its own and ends with it.
 */
export async function startStdioBridge(options: StdioBridgeOptions): Promise<StdioBridge> {
  const host = options.host ?? "127.0.0.1";
  const sessions = new Map<string, Session>();
  const server = createServer((request, response) => {
    route(request, response, sessions, options).catch((error: unknown) => {
      options.log?.(`bridge: ${error instanceof Error ? error.message : String(error)}`);
      refuse(response, 500, "The bridge failed");
    });
  });
  const port = await listen(server, options.port ?? 0, host);
  const children = (): number[] =>
    [...sessions.values()].map(({ pid }) => pid()).filter((pid) => pid !== null);
  const killChildren = (): void => {
    for (const pid of children()) process.kill(pid, "SIGKILL");
  };
  process.once("exit", killChildren);

  return {
    url: `http://${host}:${port}/mcp`,
    port,
    children,
    stop: async () => {
      server.close();
      await Promise.all([...sessions.values()].map((session) => session.close()));
      server.closeAllConnections();
      process.off("exit", killChildren);
    },
  };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  sessions: Map<string, Session>,
  options: StdioBridgeOptions,
): Promise<void> {
  if (request.url?.split("?")[0] !== "/mcp") return refuse(response, 404, "Not found");
  const id = request.headers["mcp-session-id"];
  if (id === undefined) {
    // The transport refuses whatever is no initialize, before there is a child.
    return openSession(sessions, options).http.handleRequest(request, response);
  }
  const session = sessions.get(String(id));
  if (session === undefined) return refuse(response, 404, "Session not found");
  touch(sessions, String(id), session);
  const handled = session.http.handleRequest(request, response);
  if (request.method === "GET") await session.listening(response);
  await handled;
}

function openSession(sessions: Map<string, Session>, options: StdioBridgeOptions): Session {
  const child = new StdioClientTransport({
    command: options.command,
    args: [...options.args],
    env: getDefaultEnvironment(),
    stderr: "pipe",
  });
  child.stderr?.on("data", (chunk: Buffer) => options.log?.(chunk.toString("utf8").trimEnd()));
  const http = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: async (id) => {
      await child.start();
      touch(sessions, id, session);
      const [oldest] = sessions.values();
      if (sessions.size > (options.maxSessions ?? MAX_SESSIONS)) await oldest?.close();
    },
  });
  const session = pipe(http, child, () => sessions.delete(http.sessionId ?? ""));
  return session;
}

/** Puts a session last in the order of use. */
function touch(sessions: Map<string, Session>, id: string, session: Session): void {
  sessions.delete(id);
  sessions.set(id, session);
}

function pipe(
  http: StreamableHTTPServerTransport,
  child: StdioClientTransport,
  onClosed: () => void,
): Session {
  const waiting = new Map<RequestId, RequestId | undefined>();
  let held: JSONRPCMessage[] = [];
  let stream: ServerResponse | undefined;
  let closed = false;

  const isListening = (): boolean => stream?.headersSent === true && !stream.closed;
  const release = async (relatedRequestId?: RequestId): Promise<void> => {
    const messages = held;
    held = [];
    const related = relatedRequestId === undefined ? {} : { relatedRequestId };
    for (const message of messages) await http.send(message, related);
  };
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    onClosed();
    // Clients wait for an answer to each request, also of a server that is gone.
    for (const id of waiting.keys()) await http.send(serverGone(id)).catch(() => undefined);
    await Promise.all([http.close(), child.close()]);
  };

  http.onmessage = (message) => {
    if ("method" in message && "id" in message) waiting.set(message.id, progressToken(message));
    child.send(message).catch(close);
  };
  child.onmessage = (message) => {
    if (!("method" in message)) {
      if (message.id !== undefined) waiting.delete(message.id);
      http.send(message).catch(close);
      return;
    }
    // What a server sends of its own accord goes along with the request it belongs to, else to the
    // listening stream, else waits for it: the transport would drop it.
    held = [...held, message].slice(-HELD_MESSAGES_MAX);
    const related = relatedRequest(waiting, message);
    if (related !== undefined || isListening()) release(related).catch(close);
  };
  http.onclose = () => void close();
  child.onclose = () => void close();
  child.onerror = () => undefined;

  return {
    http,
    pid: () => child.pid,
    close,
    listening: async (response) => {
      while (!response.headersSent && !response.closed) await delay(HEAD_POLL_MS);
      if (response.statusCode !== 200) return;
      stream = response;
      await release();
    },
  };
}

/** The request whose progress is reported, else the newest that waits; undefined without any. */
function relatedRequest(
  waiting: ReadonlyMap<RequestId, RequestId | undefined>,
  message: JSONRPCMessage,
): RequestId | undefined {
  const token = "params" in message ? message.params?.progressToken : undefined;
  const reported = [...waiting].find(([, asked]) => asked !== undefined && asked === token);
  return reported?.[0] ?? [...waiting.keys()].at(-1);
}

function progressToken(message: JSONRPCMessage): RequestId | undefined {
  return "params" in message ? message.params?._meta?.progressToken : undefined;
}

function serverGone(id: RequestId): JSONRPCMessage {
  return { jsonrpc: "2.0", id, error: { code: -32_000, message: "The server has ended" } };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32_001, message } }));
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no TCP port"));
      else resolve(address.port);
    });
  });
}

import { randomUUID } from "node:crypto";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream/promises";

/** One request as it arrived between the firewall and an MCP server. */
export interface Seen {
  readonly seq: number;
  readonly server: string;
  readonly method: string;
  readonly body: string;
}

/** Stands between the firewall and the servers, changes nothing, and remembers what came. */
export interface Recorder {
  /** Where the last requests can be asked for; the path is a secret of this run. */
  readonly url: string;
  /** Puts a tap in front of a server and returns the address to use in its place. */
  tap(server: string, url: string): Promise<string>;
  stop(): Promise<void>;
}

const KEPT_MAX = 200;
const BODY_MAX_BYTES = 64 * 1024;

/** Starts the recorder; its page and its taps are on the loopback interface alone. */
export async function startRecorder(): Promise<Recorder> {
  const seen: Seen[] = [];
  let seq = 0;
  const note = (server: string, method: string, body: Buffer): void => {
    seq += 1;
    seen.push({ seq, server, method, body: body.toString("utf8", 0, BODY_MAX_BYTES) });
    if (seen.length > KEPT_MAX) seen.shift();
  };

  const path = `/${randomUUID()}`;
  const page = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://recorder");
    if (url.pathname !== path) {
      response.writeHead(404).end();
      return;
    }
    const after = Number(url.searchParams.get("after") ?? 0);
    const answer = { last: seq, requests: seen.filter((one) => one.seq > after) };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
  const servers = [page];

  return {
    url: `${await listen(page)}${path}`,
    tap: async (server, url) => {
      const target = new URL(url);
      const tap = createServer((request, response) => {
        pass(request, response, target, (method, body) => note(server, method, body)).catch(() =>
          response.destroy(),
        );
      });
      servers.push(tap);
      return `${await listen(tap)}${target.pathname}`;
    },
    stop: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** The request whole, so that it can be remembered; the answer as it comes. */
async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  note: (method: string, body: Buffer) => void,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  note(request.method ?? "", body);

  const length = body.length === 0 ? {} : { "content-length": body.length };
  const onward = httpRequest(target, {
    method: request.method,
    path: request.url,
    headers: { ...withoutFraming(request.headers), ...length, host: target.host },
  });
  response.once("close", () => onward.destroy());
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    onward.once("response", resolve);
    onward.once("error", reject);
  });
  onward.end(body);

  const reply = await answer;
  response.writeHead(reply.statusCode ?? 502, withoutFraming(reply.headers));
  response.flushHeaders();
  await pipeline(reply, response);
}

/** How a body is cut into packets is each connection's own affair. */
function withoutFraming(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _, "keep-alive": __, "transfer-encoding": ___, ...rest } = headers;
  return rest;
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no TCP port"));
      else resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}

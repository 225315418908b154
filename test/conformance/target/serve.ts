import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/** An MCP server that the suite of conformance tests is run against. */
export interface Target extends AsyncDisposable {
  /** `http://127.0.0.1:…/mcp` */
  readonly url: string;
}

type Handler = (request: Request) => Promise<Response>;

/** Serves `handler` on a free port of the loopback interface, to local names and origins only. */
export async function serve(handler: Handler, close: () => Promise<void>): Promise<Target> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, handler).catch(() => outgoing.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      await close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, handler: Handler) {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const request = await requestOf(incoming, gone.signal);
  const response = isLocal(incoming) ? await handler(request) : refusal(403, "Not a local name");
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
}

async function requestOf(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const { method = "GET", url = "/", headers } = incoming;
  const body = Buffer.concat(await incoming.toArray());
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return new Request(new URL(url, "http://127.0.0.1"), {
    method,
    headers: fields,
    signal,
    ...(body.length > 0 ? { body } : {}),
  });
}

/** DNS rebinding: a page of somebody else's, in the browser of somebody here. */
function isLocal({ headers }: IncomingMessage): boolean {
  return [`http://${headers.host}`, headers.origin ?? "http://localhost"].every(
    (origin) => URL.canParse(origin) && LOCAL.has(new URL(origin).hostname),
  );
}

const LOCAL: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A JSON-RPC error that answers no request in particular. */
export function refusal(status: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: { code: -32000, message } }, { status });
}

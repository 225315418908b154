import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";

import {
  createMcpHandler,
  type McpHttpHandler,
  type McpServer,
} from "@modelcontextprotocol/server";

/** A server of the SDK 2.x, which speaks revision 2026-07-28. */
export interface Server2026 extends AsyncDisposable {
  readonly url: string;
  readonly handler: McpHttpHandler;
  /** Bodies of the requests, as they came. */
  readonly bodies: readonly string[];
}

/**
 * Serves what `build` makes, on a free port of the loopback interface: that revision alone, or with
 * `stateless` the earlier ones too.
 */
export async function startServer2026(
  build: () => McpServer,
  legacy: "reject" | "stateless" = "reject",
): Promise<Server2026> {
  const handler = createMcpHandler(build, { legacy });
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    exchange(request, response, handler, bodies).catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    handler,
    bodies,
    [Symbol.asyncDispose]: async () => {
      await handler.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Between `node:http` and the handler's own `Request` and `Response`. */
async function exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handler: McpHttpHandler,
  bodies: string[],
): Promise<void> {
  const { method = "GET", url = "/", headers } = incoming;
  const body = Buffer.concat(await incoming.toArray());
  bodies.push(body.toString("utf8"));
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const response = await handler.fetch(
    new Request(new URL(url, "http://127.0.0.1"), {
      method,
      headers: fields,
      signal: gone.signal,
      ...(body.length > 0 ? { body } : {}),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]).pipe(outgoing);
}

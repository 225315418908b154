/**
 * The MCP server of `bench/streams.ts`, as a process of its own. A POST whose arguments say
 * `every_ms` and `count` is answered by a stream: so many progress notifications, each with the time
 * it was sent, and a result. A GET opens a stream that stays silent.
 */

import { createServer, type ServerResponse } from "node:http";

const HEAD = { "content-type": "text/event-stream", "cache-control": "no-cache" };

interface Call {
  readonly id: number;
  readonly params: {
    readonly _meta: { readonly progressToken: number };
    readonly arguments: { readonly every_ms: number; readonly count: number };
  };
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === "GET") {
    request.resume();
    response.writeHead(200, HEAD).flushHeaders();
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.once("end", () => answer(JSON.parse(Buffer.concat(chunks).toString("utf8")), response));
});

function answer({ id, params }: Call, response: ServerResponse): void {
  const { every_ms, count } = params.arguments;
  const { progressToken } = params._meta;
  response.writeHead(200, HEAD);
  let sent = 0;
  const timer = setInterval(step, every_ms);
  step();

  function step(): void {
    if (sent === count) {
      clearInterval(timer);
      response.end(event({ jsonrpc: "2.0", id, result: { content: [], isError: false } }));
      return;
    }
    sent += 1;
    // The same clock in all processes. No number: it might look like one of a card.
    const message = `t${process.hrtime.bigint().toString(36)}`;
    const params = { progressToken, progress: sent, message };
    response.write(event({ jsonrpc: "2.0", method: "notifications/progress", params }));
  }
}

function event(message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : "no port");
});
// Ends with whoever started it.
process.stdin.resume().once("end", () => process.exit(0));

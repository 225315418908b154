import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** An MCP server with two tools, which remembers the headers of the last request. */
export async function toolServer() {
  let last: IncomingHttpHeaders = {};
  const server = createServer(async (request, response) => {
    last = request.headers;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (request.method !== "POST") {
      response.writeHead(405).end();
      return;
    }
    const message = JSON.parse(text) as { id?: number; method: string };
    if (message.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const result = resultOf(message.method);
    const answer = { jsonrpc: "2.0", id: message.id, ...result };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    lastHeaders: () => last,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const TOOL = { inputSchema: { type: "object" } };

function resultOf(method: string): object {
  if (method === "initialize") {
    const serverInfo = { name: "tools", version: "1" };
    return { result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } };
  }
  if (method === "tools/list") {
    return {
      result: {
        tools: [
          { name: "echo", ...TOOL },
          { name: "write", ...TOOL },
        ],
      },
    };
  }
  if (method === "tools/call") return { result: { content: [{ type: "text", text: "done" }] } };
  return { error: { code: -32601, message: "Method not found" } };
}

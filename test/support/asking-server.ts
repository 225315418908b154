import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CreateMessageResultSchema } from "@modelcontextprotocol/sdk/types.js";

/** A server that asks its client for sampling, whatever the client declared. */
export interface AskingServer extends AsyncDisposable {
  readonly url: string;
}

/** Its tool `ask` asks and tells the answer: the model's name, or the error's code. One session. */
export async function startAskingServer(): Promise<AskingServer> {
  const mcp = new McpServer({ name: "asking", version: "1.0.0" });
  mcp.registerTool("ask", {}, async ({ sendRequest }) => {
    const messages = [{ role: "user" as const, content: { type: "text" as const, text: "hi" } }];
    const params = { messages, maxTokens: 1 };
    const answer = await sendRequest(
      { method: "sampling/createMessage", params },
      CreateMessageResultSchema,
    ).then(
      ({ model }) => model,
      (error: { readonly code?: number }) => `refused: ${error.code}`,
    );
    return { content: [{ type: "text", text: answer }] };
  });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() });
  // The SDK declares `onclose` as optional in one place and as `undefined` in another.
  await mcp.connect(transport as Parameters<McpServer["connect"]>[0]);
  const server = createServer((request, response) => {
    void transport.handleRequest(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      await mcp.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  ResultSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";

import { PROMPTS, RESOURCES, readResource, TEMPLATE } from "./content.ts";
import { serve, type Target } from "./serve.ts";
import { createSessions } from "./sessions.ts";
import { TOOLS } from "./tools.ts";

/** The target on SDK 1.x: revisions up to 2025-11-25, with sessions that can be resumed. */
export function startTargetOfSdk1(): Promise<Target> {
  const sessions = createSessions(async (options) => {
    const transport = new WebStandardStreamableHTTPServerTransport(options);
    // The SDK declares `onclose` as optional in one place and as `undefined` in another.
    await buildServer().connect(transport as Parameters<Server["connect"]>[0]);
    return transport;
  });
  return serve(sessions.handle, sessions.close);
}

function buildServer(): Server {
  const server = new Server(
    { name: "conformance-target-1", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
    },
  );
  serveTools(server);
  serveResources(server);
  servePrompts(server);
  server.setRequestHandler(SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(CompleteRequestSchema, () => ({
    completion: { values: ["paris", "park"], total: 2, hasMore: false },
  }));
  return server;
}

function serveTools(server: Server): void {
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: TOOLS.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const tool = TOOLS.find(({ name }) => name === params.name);
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `Tool ${params.name} not found`);
    return tool.run(params.arguments ?? {}, {
      progressToken: params._meta?.progressToken,
      notify: (method, values) =>
        extra.sendNotification({ method, params: values } as ServerNotification),
      ask: (method, values) =>
        extra.sendRequest({ method, params: values } as ServerRequest, ResultSchema),
      closeStream: () => extra.closeSSEStream?.(),
    });
  });
}

function serveResources(server: Server): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: RESOURCES.map(({ uri, name, mimeType }) => ({ uri, name, mimeType })),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [TEMPLATE],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const found = readResource(uri);
    if (found === null) throw new McpError(-32002, "Resource not found", { uri });
    return found;
  });
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
}

function servePrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: PROMPTS.map(({ name, description, arguments: names }) => ({
      name,
      description,
      arguments: names.map((argument) => ({ name: argument, required: true })),
    })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const prompt = PROMPTS.find(({ name }) => name === params.name);
    if (!prompt) throw new McpError(ErrorCode.InvalidParams, `Prompt ${params.name} not found`);
    return { messages: prompt.messages(params.arguments ?? {}) };
  });
}

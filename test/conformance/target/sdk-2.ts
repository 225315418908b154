import {
  type CallToolResult,
  createMcpHandler,
  fromJsonSchema,
  type GetPromptResult,
  type InputRequiredResult,
  isLegacyRequest,
  McpServer,
  type ReadResourceResult,
  ResourceTemplate,
  type ServerContext,
  type ServerNotifier,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";

import { ASKING_TOOLS, askForContext, askForName, requestStates } from "./asking-tools.ts";
import { PROMPTS, RESOURCES, TEMPLATE, templateContents } from "./content.ts";
import { formOf } from "./schemas.ts";
import { serve, type Target } from "./serve.ts";
import { createSessions } from "./sessions.ts";
import { ASKING_TASK_TOOL, createTaskHandler, TASK_TOOLS, TASKS_EXTENSION } from "./tasks.ts";
import { type Call, NO_ARGUMENTS, type Schema, text } from "./tool.ts";
import { TOOLS } from "./tools.ts";

/** The target on SDK 2.x: revision 2026-07-28, and sessions of the revisions before it. */
export function startTargetOfSdk2(): Promise<Target> {
  const build = (): McpServer => buildServer(modern.notify);
  const modern = createMcpHandler(build);
  const sessions = createSessions(async (options) => {
    const transport = new WebStandardStreamableHTTPServerTransport(options);
    await build().connect(transport);
    return transport;
  });
  const tasks = createTaskHandler();
  return serve(
    async (request) => {
      if (await isLegacyRequest(request)) return sessions.handle(request);
      return (await tasks(request)) ?? modern.fetch(request);
    },
    async () => {
      await Promise.all([modern.close(), sessions.close()]);
    },
  );
}

function buildServer(notifier: ServerNotifier): McpServer {
  const server = new McpServer(
    { name: "conformance-target-2", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
        extensions: { [TASKS_EXTENSION]: {} },
      },
      requestState: { verify: requestStates.verify },
    },
  );
  registerTools(server, notifier);
  registerResources(server);
  registerPrompts(server);
  server.server.setRequestHandler("logging/setLevel", () => ({}));
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
  server.server.setRequestHandler("completion/complete", () => ({
    completion: { values: ["paris", "park"], total: 2, hasMore: false },
  }));
  return server;
}

/** The first is what scenarios about headers call: its argument is mirrored. */
const MIRRORED: Schema = {
  type: "object",
  properties: {
    region: { type: "string", description: "Where to run", "x-mcp-header": "Region" },
    level: { type: "integer", description: "How hard to try" },
  },
};

function registerTools(server: McpServer, notifier: ServerNotifier): void {
  const register = (
    name: string,
    description: string,
    schema: Schema,
    run: (
      args: { readonly [name: string]: unknown },
      context: ServerContext,
    ) => Promise<CallToolResult | InputRequiredResult>,
  ) => {
    const inputSchema = fromJsonSchema<{ readonly [name: string]: unknown }>(schema);
    server.registerTool(name, { description, inputSchema }, run);
  };

  register("test_x_mcp_header", "Has a mirrored argument", MIRRORED, async ({ region }) =>
    result(text(`region=${region ?? "none"}`)),
  );
  for (const { name, description, inputSchema, run } of TOOLS) {
    register(name, description, inputSchema, async (args, context) =>
      result(await run(args, callOf(context))),
    );
  }
  for (const { name, description, run } of ASKING_TOOLS) {
    register(name, description, NO_ARGUMENTS, async (_, context) => result(await run(context)));
  }
  register("greet", "Greets", formOf("name", "string"), async ({ name }) =>
    result(text(`Hello, ${name}!`)),
  );
  for (const { name, inputSchema } of TASK_TOOLS) {
    register(name, "A task, for who knows of tasks", inputSchema, async () => result(text("Done")));
  }
  register(ASKING_TASK_TOOL, "Asks, then becomes a task", NO_ARGUMENTS, async (_, context) =>
    result(askForName(context)),
  );
  register("test_streaming_elicitation", "Answers at once", NO_ARGUMENTS, async () =>
    result(text("no requests on this stream")),
  );
  register("test_logging_tool", "Logs for who wants logs", NO_ARGUMENTS, async (_, context) => {
    await context.mcpReq.log("info", "test_logging_tool ran");
    return result(text("logged"));
  });
  register("test_trigger_tool_change", "Says that tools changed", NO_ARGUMENTS, async () => {
    notifier.toolsChanged();
    return result(text("told"));
  });
  register("test_trigger_prompt_change", "Says that prompts changed", NO_ARGUMENTS, async () => {
    notifier.promptsChanged();
    return result(text("told"));
  });
}

/** Results are plain JSON here, and the suite checks them against MCP's own schemas. */
function result(json: object): CallToolResult {
  return json as CallToolResult;
}

function callOf({ mcpReq, http }: ServerContext): Call {
  return {
    progressToken: mcpReq._meta?.progressToken,
    notify: (method, params) => mcpReq.notify({ method, params: { ...params } }),
    ask: (method, params) => {
      if (method !== "sampling/createMessage" && method !== "elicitation/create") {
        throw new Error(`no tool asks for ${method}`);
      }
      return mcpReq.send({ method, params: { ...params } });
    },
    closeStream: () => http?.closeSSE?.(),
  };
}

function registerResources(server: McpServer): void {
  for (const { uri, name, mimeType, contents } of RESOURCES) {
    server.registerResource(name, uri, { mimeType }, async () => {
      const read = { contents: [{ uri, mimeType, ...contents }] };
      return read as ReadResourceResult;
    });
  }
  const template = new ResourceTemplate(TEMPLATE.uriTemplate, { list: undefined });
  const { name, mimeType } = TEMPLATE;
  server.registerResource(name, template, { mimeType }, async (uri, { id }) => {
    const read = templateContents(uri.toString(), String(id));
    return read as ReadResourceResult;
  });
}

function registerPrompts(server: McpServer): void {
  for (const { name, description, arguments: names, messages } of PROMPTS) {
    const properties = Object.fromEntries(names.map((argument) => [argument, { type: "string" }]));
    const argsSchema = fromJsonSchema<{ readonly [name: string]: string }>({
      type: "object",
      properties,
      required: [...names],
    } as Parameters<typeof fromJsonSchema>[0]);
    server.registerPrompt(name, { description, argsSchema }, async (args) => {
      const prompt = { messages: messages(args) };
      return prompt as GetPromptResult;
    });
  }
  const argsSchema = fromJsonSchema<object>(NO_ARGUMENTS);
  const asking = { description: "A prompt that asks before it answers", argsSchema };
  server.registerPrompt("test_input_required_result_prompt", asking, async (_, context) => {
    const content = { type: "text" as const, text: "Use the context given." };
    return askForContext(context) ?? { messages: [{ role: "user", content }] };
  });
}

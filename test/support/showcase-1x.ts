import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { completable } from "@modelcontextprotocol/sdk/server/completable.js";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import {
  type EventStore,
  StreamableHTTPServerTransport,
} from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

import { SECRET } from "./messages.ts";
import { daysLike, GALLERY, SCHEMA_OF_ELICITATION } from "./showcase-content.ts";

/** A server of the SDK 1.x with something of everything, with sessions and streams to resume. */
export interface Showcase1x extends AsyncDisposable {
  readonly url: string;
  /** What the clients answered to its own requests, as it came. */
  readonly heard: unknown[];
  /** Calls of `wait` that were given up. */
  readonly cancelled: string[];
  /** HTTP requests, as `METHOD last-event-id`. */
  readonly requests: string[];
  openSessions(): number;
}

export async function startShowcase1x(): Promise<Showcase1x> {
  const heard: unknown[] = [];
  const cancelled: string[] = [];
  const requests: string[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push(`${request.method} ${request.headers["last-event-id"] ?? "-"}`);
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    if (known !== undefined) return known.handleRequest(request, response);
    if (id !== undefined) {
      response.writeHead(404, { "content-type": "application/json" });
      const error = { code: -32001, message: "Session not found" };
      response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: createEventStore(),
      retryInterval: 20,
      onsessioninitialized: (session) => {
        sessions.set(session, transport);
      },
      onsessionclosed: (session) => {
        sessions.delete(session);
      },
    });
    // The SDK declares `onclose` as optional in one place and as `undefined` in another.
    await build(heard, cancelled).connect(transport as Parameters<McpServer["connect"]>[0]);
    await transport.handleRequest(request, response);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    heard,
    cancelled,
    requests,
    openSessions: () => sessions.size,
    [Symbol.asyncDispose]: async () => {
      for (const transport of sessions.values()) await transport.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Numbers events in the order they came in, which is the order they are replayed in. */
function createEventStore(): EventStore {
  type Message = Parameters<EventStore["storeEvent"]>[1];
  const events: { readonly streamId: string; readonly message: Message }[] = [];
  return {
    storeEvent: async (streamId, message) => `e-${events.push({ streamId, message }) - 1}`,
    replayEventsAfter: async (lastEventId, { send }) => {
      const last = Number(lastEventId.slice(2));
      const { streamId = "" } = events[last] ?? {};
      for (const [index, event] of events.entries()) {
        const isPriming = Object.keys(event.message).length === 0;
        if (index <= last || event.streamId !== streamId || isPriming) continue;
        await send(`e-${index}`, event.message);
      }
      return streamId;
    },
  };
}

const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });

function build(heard: unknown[], cancelled: string[]): McpServer {
  const mcp = new McpServer(
    { name: "showcase", version: "1.0.0", title: "Showcase" },
    {
      instructions: "Look around.",
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      },
      taskStore: new InMemoryTaskStore(),
      taskMessageQueue: new InMemoryTaskMessageQueue(),
    },
  );
  addTools(mcp, cancelled);
  addAsking(mcp, heard);
  addTask(mcp);
  addResources(mcp);
  mcp.registerPrompt(
    "plan",
    { description: "Plans a day", argsSchema: { day: completable(z.string(), daysLike) } },
    ({ day }) => ({
      messages: [{ role: "user", content: { type: "text", text: `What about ${day}?` } }],
    }),
  );
  return mcp;
}

function addTools(mcp: McpServer, cancelled: string[]): void {
  mcp.registerTool(
    "report",
    {
      title: "Report",
      description: "Counts letters",
      inputSchema: { note: z.string() },
      outputSchema: { letters: z.number(), note: z.string() },
      annotations: { readOnlyHint: true },
    },
    ({ note }) => {
      const structuredContent = { letters: note.length, note };
      return { ...text(JSON.stringify(structuredContent)), structuredContent };
    },
  );
  mcp.registerTool("gallery", { description: "One of each kind" }, () => ({
    content: GALLERY,
    _meta: { "example.test/of": "pictures" },
  }));
  mcp.registerTool("fail", {}, () => {
    throw new Error("It did not work out");
  });
  mcp.registerTool("steps", {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken ?? "none";
    for (const progress of [1, 2, 3]) {
      const params = { progressToken, progress, total: 3 };
      await sendNotification({ method: "notifications/progress", params });
    }
    return text("three steps");
  });
  mcp.registerTool("log", {}, async ({ sendNotification }) => {
    const params = { level: "info" as const, logger: "showcase", data: { note: "hello" } };
    await sendNotification({ method: "notifications/message", params });
    return text("logged");
  });
  mcp.registerTool("wait", {}, async ({ signal, requestId }) => {
    if (!signal.aborted) await once(signal, "abort");
    cancelled.push(String(requestId));
    return text("too late");
  });
  mcp.registerTool("touch", {}, async ({ sendNotification }) => {
    await sendNotification({
      method: "notifications/resources/updated",
      params: { uri: "memo://today" },
    });
    return text("touched");
  });
  mcp.registerTool("announce", {}, () => {
    // Related to no request: it goes out on the listening stream.
    mcp.sendToolListChanged();
    return text("announced");
  });
  mcp.registerTool("interrupt", {}, async ({ closeSSEStream, sendNotification }) => {
    await sendNotification({
      method: "notifications/message",
      params: { level: "info", data: "before" },
    });
    closeSSEStream?.();
    return text("after the interruption");
  });
}

/** Each asks its client, with a secret of its own in the question, and tells the answer. */
function addAsking(mcp: McpServer, heard: unknown[]): void {
  const told = async (answer: Promise<unknown>) => {
    const value = await answer.then(
      (given) => ({ given }),
      ({ code }: { readonly code?: number }) => ({ refused: code }),
    );
    heard.push(value);
    return text(JSON.stringify(value));
  };
  mcp.registerTool("ask_sampling", {}, ({ sendRequest }) => {
    const content = { type: "text" as const, text: `complete: ${SECRET}` };
    const params = { messages: [{ role: "user" as const, content }], maxTokens: 9 };
    const request = { method: "sampling/createMessage" as const, params };
    return told(sendRequest(request, CreateMessageResultSchema));
  });
  mcp.registerTool("ask_elicitation", {}, ({ sendRequest }) => {
    const params = { message: `who? ${SECRET}`, requestedSchema: SCHEMA_OF_ELICITATION };
    return told(sendRequest({ method: "elicitation/create", params }, ElicitResultSchema));
  });
  mcp.registerTool("ask_roots", {}, ({ sendRequest }) =>
    told(sendRequest({ method: "roots/list" }, ListRootsResultSchema)),
  );
  mcp.registerTool("ask_page", {}, () => {
    const page = { elicitationId: "e-1", url: "https://example.test/sign-in", message: "Sign in" };
    throw new UrlElicitationRequiredError([{ mode: "url", ...page }]);
  });
}

function addTask(mcp: McpServer): void {
  mcp.experimental.tasks.registerToolTask(
    "brew",
    { inputSchema: { cups: z.number() }, execution: { taskSupport: "required" } },
    {
      createTask: async ({ cups }, { taskStore }) => {
        const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 10 });
        await taskStore.storeTaskResult(task.taskId, "completed", text(`${cups} cups`));
        return { task };
      },
      getTask: (_args, { taskStore, taskId }) => taskStore.getTask(taskId),
      getTaskResult: async (_args, { taskStore, taskId }) => {
        const result = await taskStore.getTaskResult(taskId);
        return { ...result, content: "content" in result ? result.content : [] } as ReturnType<
          typeof text
        >;
      },
    },
  );
}

function addResources(mcp: McpServer): void {
  mcp.registerResource("today", "memo://today", { mimeType: "text/plain" }, ({ href }) => ({
    contents: [{ uri: href, mimeType: "text/plain", text: "buy milk" }],
  }));
  const template = new ResourceTemplate("memo://days/{day}", {
    list: undefined,
    complete: { day: daysLike },
  });
  mcp.registerResource("day", template, { description: "A day" }, ({ href }, { day }) => ({
    contents: [{ uri: href, text: `nothing on ${String(day)}` }],
  }));
  mcp.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  mcp.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
}

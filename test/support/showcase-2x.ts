import { once } from "node:events";

import {
  completable,
  createRequestStateCodec,
  inputRequired,
  McpServer,
  ResourceTemplate,
} from "@modelcontextprotocol/server";
import { z } from "zod";

import { type Server2026, startServer2026 } from "./mcp-2026.ts";
import { SECRET } from "./messages.ts";
import { daysLike, GALLERY, SCHEMA_OF_ELICITATION } from "./showcase-content.ts";

/** The same as `Showcase1x`, of the SDK 2.x: it asks its client within its results. */
export interface Showcase2x extends AsyncDisposable {
  readonly server: Server2026;
  /** What the clients answered to its own requests, as it came. */
  readonly heard: unknown[];
  /** Calls of `wait` that have come, and that were given up. */
  readonly waiting: string[];
  readonly cancelled: string[];
}

export async function startShowcase2x(): Promise<Showcase2x> {
  const heard: unknown[] = [];
  const waiting: string[] = [];
  const cancelled: string[] = [];
  const server = await startServer2026(() => build(heard, { waiting, cancelled }));
  return {
    ...{ server, heard, waiting, cancelled },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });

/** What the server remembers of a call between its rounds, in the client's hands. */
const state = createRequestStateCodec<{ readonly asked: string }>({
  key: Buffer.from("a key for tests, thirty-two bytes").subarray(0, 32),
  ttlSeconds: 60,
});

type Waits = Pick<Showcase2x, "waiting" | "cancelled">;

function build(heard: unknown[], waits: Waits): McpServer {
  const mcp = new McpServer(
    { name: "showcase", version: "2.0.0", title: "Showcase" },
    {
      instructions: "Look around.",
      capabilities: { logging: {}, resources: { subscribe: true, listChanged: true } },
      requestState: { verify: state.verify },
    },
  );
  addTools(mcp, waits);
  addAsking(mcp, heard);
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

function addTools(mcp: McpServer, { waiting, cancelled }: Waits): void {
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
  mcp.registerTool("steps", {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? "none";
    for (const progress of [1, 2, 3]) {
      const params = { progressToken, progress, total: 3 };
      await mcpReq.notify({ method: "notifications/progress", params });
    }
    return text("three steps");
  });
  mcp.registerTool("log", {}, async ({ mcpReq }) => {
    await mcpReq.log("info", { note: "hello" }, "showcase");
    return text("logged");
  });
  mcp.registerTool("wait", {}, async ({ mcpReq: { signal, id } }) => {
    waiting.push(String(id));
    if (!signal.aborted) await once(signal, "abort");
    cancelled.push(String(id));
    return text("too late");
  });
}

/** Each asks its client, with a secret of its own in the question, and tells the answer. */
function addAsking(mcp: McpServer, heard: unknown[]): void {
  const asking = {
    ask_sampling: () =>
      inputRequired.createMessage({
        messages: [{ role: "user", content: { type: "text", text: `complete: ${SECRET}` } }],
        maxTokens: 9,
      }),
    ask_elicitation: () =>
      inputRequired.elicit({
        message: `who? ${SECRET}`,
        requestedSchema: SCHEMA_OF_ELICITATION,
      }),
    ask_roots: () => inputRequired.listRoots(),
  };
  for (const [tool, question] of Object.entries(asking)) {
    mcp.registerTool(tool, {}, async ({ mcpReq }) => {
      const given = mcpReq.inputResponses?.answer;
      const { asked } = mcpReq.requestState<{ asked: string }>() ?? {};
      if (given === undefined) {
        const requestState = await state.mint({ asked: tool });
        return inputRequired({ inputRequests: { answer: question() }, requestState });
      }
      heard.push({ asked, given });
      return text(JSON.stringify({ asked, given }));
    });
  }
  mcp.registerTool("ask_all", {}, async ({ mcpReq }) => {
    const answers = Object.keys(mcpReq.inputResponses ?? {});
    if (answers.length > 0) return text(answers.toSorted().join(" "));
    const inputRequests = Object.fromEntries(
      Object.entries(asking).map(([name, question]) => [name, question()]),
    );
    return inputRequired({ inputRequests });
  });
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
}

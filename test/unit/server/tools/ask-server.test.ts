import { McpServer } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { askForTools } from "../../../../src/server/tools/ask-server.ts";
import { startServer2026 } from "../../../support/mcp-2026.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../../support/upstream.ts";

interface Posted {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly cursor?: string };
}

let upstream: Upstream | undefined;

afterEach(() => upstream?.stop());

/** Asks a server whose answers to `tools/list` are these. */
async function ask(
  answer: (posted: Posted) => object,
  send: (exchange: Parameters<UpstreamHandler>[0], message: object) => unknown = (
    exchange,
    message,
  ) => exchange.json(message, { headers: { "mcp-session-id": "s-1" } }),
  different: object = {},
) {
  upstream = await startUpstream(async (exchange) => {
    if (exchange.request.method === "DELETE") return exchange.reply(200);
    const posted: Posted = JSON.parse((await exchange.request.whole).toString("utf8"));
    if (posted.id === undefined) return exchange.reply(202);
    const result =
      posted.method === "initialize" ? { protocolVersion: "2025-06-18" } : answer(posted);
    await send(exchange, { jsonrpc: "2.0", id: posted.id, result });
  });
  const options = { url: upstream.url, token: null, limits: DEFAULT_LIMITS, deadlineMs: 5_000 };
  return askForTools({ ...options, ...different });
}

describe("askForTools", () => {
  test("follows every page, in the session and the revision that the server chose", async () => {
    const pages = [
      { tools: [{ name: "a" }], nextCursor: "2" },
      { tools: [{ name: "b" }, { name: "c" }] },
    ];
    const tools = await ask(({ params }) => pages[params?.cursor === "2" ? 1 : 0] ?? {});
    expect(tools.ok && tools.value.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(tools.ok && tools.value[0]).toMatchObject({ text: '{"name":"a"}' });
    const { headers } = upstream?.requests.at(2) ?? { headers: {} };
    expect(headers).toMatchObject({
      "mcp-session-id": "s-1",
      "mcp-protocol-version": "2025-06-18",
    });
    expect(upstream?.requests[0]?.headers["mcp-protocol-version"]).toBeUndefined();
    expect(upstream?.requests.at(-1)?.method).toBe("DELETE");
  });

  test("reads streams, and passes over what is no answer", async () => {
    const tools = await ask(
      () => ({ tools: [{ name: "a" }] }),
      async (exchange, message) => {
        const stream = exchange.sse();
        await stream.write(": hello\n\n");
        await stream.send({ jsonrpc: "2.0", id: 1, method: "ping" });
        await stream.send({ jsonrpc: "2.0", method: "notifications/message" });
        await stream.send(message);
      },
    );
    expect(tools.ok && tools.value.map(({ name }) => name)).toEqual(["a"]);
  });

  test("has no definition for a name that is there twice, or is too long", async () => {
    const tools = await ask(() => ({
      tools: [{ name: "a" }, { name: "a" }, { name: "b", description: "x".repeat(300_000) }, 7],
    }));
    expect(tools).toEqual({
      ok: true,
      value: [
        { name: "a", hash: null, text: null },
        { name: "b", hash: null, text: null },
      ],
    });
  });

  test("speaks the 2026 revision to a server that knows no other", async () => {
    const build = () => {
      const server = new McpServer({ name: "s", version: "1" });
      const inputSchema = z.object({ q: z.string() });
      server.registerTool("search", { description: "Searches.", inputSchema }, () => ({
        content: [],
      }));
      return server;
    };
    await using server = await startServer2026(build);
    const options = { url: server.url, token: null, limits: DEFAULT_LIMITS, deadlineMs: 5_000 };
    const tools = await askForTools(options);
    expect(tools.ok && tools.value.map(({ name }) => name)).toEqual(["search"]);
  });

  test("sends a token as a bearer", async () => {
    await ask(() => ({ tools: [] }), undefined, { token: "a token for tests" });
    expect(upstream?.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array(4).fill("Bearer a token for tests"),
    );
  });

  test.each([
    {
      title: "lists in a circle",
      answer: () => ({ tools: [], nextCursor: "again" }),
      want: "lists its tools in a circle",
    },
    {
      title: "lists without end",
      answer: ({ params }: Posted) => ({ tools: [], nextCursor: `${params?.cursor ?? ""}x` }),
      want: "lists its tools on more than 256 pages",
    },
    {
      title: "lists nothing",
      answer: () => ({}),
      want: "answers tools/list without a list of tools",
    },
    {
      title: "lists too many",
      answer: () => ({ tools: Array.from({ length: 4097 }, (_, at) => ({ name: `t${at}` })) }),
      want: "offers more than 4096 tools",
    },
  ])("gives up on a server that $title", async ({ answer, want }) => {
    expect(await ask(answer)).toEqual({ ok: false, error: want });
  });

  test.each([
    {
      title: "wants credentials",
      handler: (exchange) => exchange.reply(401),
      want: "refuses us (HTTP 401); give --token",
    },
    {
      title: "is none",
      handler: (exchange) => exchange.reply(404, { "content-type": "text/html" }, "\u001b[2J"),
      want: "is no MCP server at this URL (HTTP 404)",
    },
    {
      title: "answers with an error",
      handler: (exchange) =>
        exchange.json({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "\u001b[2J" } }),
      want: "answers with JSON-RPC error -32603 (HTTP 200)",
    },
    {
      title: "leads elsewhere",
      handler: (exchange) => exchange.reply(302, { location: "http://127.0.0.1:1/mcp" }),
      want: "cannot be reached (unexpected redirect)",
    },
    {
      title: "breaks off",
      handler: (exchange) => exchange.destroy(),
      want: "cannot be reached (UND_ERR_SOCKET)",
    },
    {
      title: "never answers",
      handler: () => undefined,
      want: "cannot be reached (it takes too long)",
    },
    {
      title: "never ends",
      handler: async (exchange) => {
        await exchange.flood(4_000_000, Buffer.alloc(65_536, 32), {
          "content-type": "application/json",
        });
      },
      want: "sends no answer that can be read (too large)",
    },
  ] satisfies readonly { title: string; handler: UpstreamHandler; want: string }[])(
    "says of a server that $title what it did, in its own words",
    async ({ handler, want }) => {
      upstream = await startUpstream(handler);
      const limits = { ...DEFAULT_LIMITS, responseBodyMaxBytes: 1_000_000 };
      const options = { url: upstream.url, token: null, limits, deadlineMs: 1_500 };
      expect(await askForTools(options)).toEqual({ ok: false, error: want });
    },
  );
});

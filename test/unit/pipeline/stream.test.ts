import { describe, expect, test } from "vitest";

import type { Exchange } from "../../../src/core/exchange.ts";
import { createMemoryStore } from "../../../src/guard/paths/memory-store.ts";
import { createPathGuard } from "../../../src/guard/paths/path-guard.ts";
import { createSseParser } from "../../../src/mcp/sse.ts";
import type { Dependencies } from "../../../src/pipeline/dependencies.ts";
import {
  answerHead,
  createDataPath,
  type DataPathOptions,
  headOf,
  sent,
} from "../../golden/data-path.ts";
import { progress, REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";

const STREAM = { "content-type": "text/event-stream" };

function event(message: object, fields = ""): string {
  return `${fields}data: ${JSON.stringify(message)}\n\n`;
}

async function openStream(
  options: DataPathOptions & { readonly listening?: boolean; readonly body?: object } = {},
) {
  const path = await createDataPath(options);
  const exchange = options.listening
    ? await sent(path, "", headOf({ method: "GET", headers: { accept: "text/event-stream" } }))
    : await sent(path, options.body ?? toolCall(7));
  const plan = exchange.responseHead(answerHead(200, STREAM));
  if (plan.kind !== "stream") throw new Error("no stream");
  return { path, exchange };
}

/** All that comes out when `chunks` go in and the stream ends behind them, unless it was ended. */
async function pass(exchange: Exchange, chunks: readonly (string | Uint8Array)[]) {
  const output: Uint8Array[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    const { bytes: out, end } = await exchange.streamChunk(bytes, index === chunks.length - 1);
    output.push(out);
    if (end) return { text: Buffer.concat(output).toString("utf8"), ended: true };
  }
  return { text: Buffer.concat(output).toString("utf8"), ended: false };
}

/** The messages of a stream, for a test that is not about bytes. */
function messagesOf(text: string): unknown[] {
  const parser = createSseParser({ sseEventMaxBytes: 1_000_000 });
  return [...parser.push(Buffer.from(text)), ...parser.end()].flatMap((item) =>
    item.kind === "event" && item.data !== null && item.data.length > 0
      ? [JSON.parse(Buffer.from(item.data).toString("utf8"))]
      : [],
  );
}

const ROOT = "/srv/projects/secret-plans";

/** Conceals `ROOT` of every server. */
function withRoot(real: Dependencies): Dependencies {
  const paths = createPathGuard({
    key: Buffer.alloc(32, 7),
    store: createMemoryStore(),
    server: () => ({ roots: [ROOT], aliased: true }),
    publicPaths: [],
    keepExtension: true,
    contents: new Map(),
    ownPaths: [],
  });
  return { ...real, paths };
}

const denied = { jsonrpc: "2.0", id: "srv", method: "sampling/createMessage", params: {} };

describe("a stream", () => {
  test("passes each event on before the next one is there", async () => {
    const { exchange } = await openStream();
    for (const step of [1, 2, 3]) {
      const chunk = Buffer.from(event(progress(step)));
      const output = await exchange.streamChunk(chunk, false);
      expect(output).toEqual({ bytes: chunk, end: false });
    }
  });

  test.each([
    { title: "a denied notification", text: event({ jsonrpc: "2.0", method: "notifications/no" }) },
    { title: "an empty object", text: "data: {}\n\n" },
    { title: "JSON that is no message", text: "data: [1]\n\n" },
    { title: "a result that nobody waits for", text: event(toolResult(8, "x")) },
  ])("drops $title and goes on", async ({ text }) => {
    const { exchange, path } = await openStream();
    const answer = event(toolResult(7, "hello"));
    expect(await pass(exchange, [text, answer])).toEqual({ text: answer, ended: false });
    expect(path.decisions.map(({ result }) => result.allow)).toEqual([true, false, true]);
  });

  test.each([
    { title: "no data", text: "id: e-1\n\n" },
    { title: "empty data", text: "id: e-1\ndata\n\n" },
    { title: "a comment", text: ": keep-alive\n\n" },
    { title: "a retry", text: "retry: 10\n\n" },
    { title: "blank lines", text: "\n\r\n\r\n" },
  ])("passes $title as it is", async ({ text }) => {
    const { exchange } = await openStream();
    const answer = event(toolResult(7, "hello"));
    expect(await pass(exchange, [text, answer])).toEqual({ text: text + answer, ended: false });
  });
});

describe("side text of a stream", () => {
  test("is dropped where it is a comment of its own and holds a secret", async () => {
    const { exchange } = await openStream();
    const answer = event(toolResult(7, "hello"));
    const { text, ended } = await pass(exchange, [`: ${SECRET}\n`, answer]);
    expect({ text, ended }).toEqual({ text: answer, ended: false });
  });

  test.each([
    { title: "its id", fields: `id: ${SECRET}\n` },
    { title: "its name", fields: `event: ${SECRET}\n` },
    { title: "an earlier id that a later one replaces", fields: `id: ${SECRET}\nid: 1\n` },
    { title: "an unknown field", fields: `x:${SECRET}\n` },
    { title: "a field's name", fields: `${SECRET}\n` },
    { title: "a comment behind its first line", fields: `id:1\n:${SECRET}\n` },
    { title: "its retry", fields: `retry:${SECRET}\n` },
  ])("ends the stream where an event holds a secret in $title", async ({ fields }) => {
    const { exchange } = await openStream();
    const { text, ended } = await pass(exchange, [event(progress(1), fields)]);
    expect(text).not.toContain(SECRET);
    expect(ended).toBe(true);
    expect(messagesOf(text)).toMatchObject([
      { id: 7, error: { data: { code: "response_unreadable" } } },
    ]);
  });

  test.each([
    { title: "without data", text: `x:${SECRET}\nid:1\n\n` },
    { title: "with empty data", text: `data:\nx:${SECRET}\n\n` },
  ])("ends the stream where an event $title holds a secret", async ({ text }) => {
    const { exchange } = await openStream();
    const passed = await pass(exchange, [text]);
    expect(passed).toMatchObject({ ended: true, text: expect.not.stringContaining(SECRET) });
  });

  test.each([
    { title: "a comment", text: `: ${ROOT}/a.txt\n\n`, ended: false },
    { title: "an id", text: event(progress(1), `id: ${ROOT}/a.txt\n`), ended: true },
    { title: "an unknown field", text: event(progress(1), `at: ${ROOT}/a.txt\n`), ended: true },
  ])("does not show a folder of the server in $title", async ({ text, ended }) => {
    const { exchange } = await openStream({ dependencies: withRoot });
    const passed = await pass(exchange, [text]);
    expect(passed.text).not.toContain(ROOT);
    expect(passed.ended).toBe(ended);
  });

  test("may name a folder where none is concealed", async () => {
    const { exchange } = await openStream();
    const text = `: ${ROOT}/a.txt\n\n${event(toolResult(7, "hello"))}`;
    expect(await pass(exchange, [text])).toEqual({ text, ended: false });
  });

  test.each([
    { title: "an answer in JSON", text: `${JSON.stringify(toolResult(7, "hi"), null, 1)}\n\n` },
    { title: "text", text: "<html>\n<p>hello</p>\n\n" },
    { title: "a field of another kind", text: "id: e-1\nsomething: else\n\n" },
  ])("is no place for $title", async ({ text }) => {
    const { exchange } = await openStream();
    const passed = await pass(exchange, [text]);
    expect(messagesOf(passed.text)).toMatchObject([
      { id: 7, error: { data: { code: "response_missing" } } },
    ]);
    expect(passed.text.startsWith("event: message\ndata: ")).toBe(true);
  });

  test("may be long and harmless", async () => {
    const { exchange } = await openStream();
    const text = event(toolResult(7, "hello"), `event: message\nid: ${"stream-1/".repeat(8)}\n`);
    expect(await pass(exchange, [text])).toEqual({ text, ended: false });
  });
});

describe("a stream's end", () => {
  const missing = (id: string | number | null) => ({
    id,
    error: { data: { code: "response_missing" } },
  });

  test("behind the answer adds nothing", async () => {
    const { exchange } = await openStream();
    const text = event(progress(1)) + event(toolResult(7, "hello"));
    expect(await pass(exchange, [text, ""])).toEqual({ text, ended: false });
  });

  test("before the answer gives an error to each request that waits", async () => {
    const path = await createDataPath();
    const batch = [toolCall(1), toolCall("two"), toolCall(3)];
    const headers = { "content-type": "application/json" };
    const exchange = await sent(path, batch, headOf({ headers }));
    exchange.responseHead(answerHead(200, STREAM));
    const { text } = await pass(exchange, [event(toolResult("two", "b")), ""]);
    expect(messagesOf(text)).toMatchObject([{ id: "two" }, missing(1), missing(3)]);
  });

  test("adds no error where the client can resume the stream", async () => {
    const { exchange } = await openStream();
    const text = event(progress(1), "id: e-1\n");
    expect(await pass(exchange, [text, ""])).toEqual({ text, ended: false });
  });

  test("adds an error where the only id is empty, which resumes nothing", async () => {
    const { exchange } = await openStream();
    const { text } = await pass(exchange, [event(progress(1), "id:\n"), ""]);
    expect(messagesOf(text)).toMatchObject([{}, missing(7)]);
  });

  test("adds an error where the only event with an id was dropped", async () => {
    const { exchange } = await openStream();
    const dropped = event({ jsonrpc: "2.0", method: "notifications/made-up" }, "id: e-1\n");
    const { text } = await pass(exchange, [dropped, ""]);
    expect(messagesOf(text)).toMatchObject([missing(7)]);
  });

  test("adds an error in the revision of 2026, where no stream is resumed", async () => {
    const path = await createDataPath();
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "agent", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const call = toolCall(7);
    const body = { ...call, params: { ...call.params, _meta: meta } };
    const headers = {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
    };
    const exchange = await sent(path, body, headOf({ headers }));
    exchange.responseHead(answerHead(200, STREAM));
    const { text } = await pass(exchange, [event(progress(1), "id: e-1\n"), ""]);
    expect(messagesOf(text)).toMatchObject([{}, missing(7)]);
  });

  test("adds nothing to a listening stream", async () => {
    const { exchange } = await openStream({ listening: true });
    const text = event({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    expect(await pass(exchange, [text, ""])).toEqual({ text, ended: false });
  });

  test("judges an event whose blank line never came", async () => {
    const { exchange } = await openStream();
    const begun = `data: ${JSON.stringify(toolResult(7, SECRET))}`;
    const { text } = await pass(exchange, [begun]);
    expect(messagesOf(text)).toEqual([toolResult(7, REDACTED)]);
  });

  test("that is forced gives an error to each request that waits, and to each once", async () => {
    const { exchange } = await openStream();
    const errors = Buffer.from(exchange.abortStream("stream_silent")).toString("utf8");
    expect(messagesOf(errors)).toMatchObject([
      { id: 7, error: { data: { code: "stream_silent" } } },
    ]);
    expect((await pass(exchange, [event(progress(1))])).text).toBe(event(progress(1)));
  });

  test("that is forced where nobody waits gives an error without an id", async () => {
    const { exchange } = await openStream({ listening: true });
    const errors = Buffer.from(exchange.abortStream("draining")).toString("utf8");
    expect(messagesOf(errors)).toMatchObject([{ id: null, error: { data: { code: "draining" } } }]);
  });

  test.each([
    { title: "no JSON", text: "data: nonsense\n\n", code: "response_unreadable" },
    { title: "a duplicate key", text: 'data: {"id":1,"id":2}\n\n', code: "response_unreadable" },
    {
      title: "an answer that is no message",
      text: 'data: {"jsonrpc":"2.0","id":7,"result":1}\n\n',
      code: "response_unreadable",
    },
    {
      title: "nesting over the limit",
      text: `data: ${"[".repeat(100)}${"]".repeat(100)}\n\n`,
      code: "response_unreadable",
    },
    {
      title: "half a character",
      text: Uint8Array.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 10, 10]),
      code: "response_unreadable",
    },
    {
      title: "the transport of 2024",
      text: "event: endpoint\ndata: /m\n\n",
      code: "legacy_transport",
    },
    {
      title: "an event over the limit",
      text: `data: "${"x".repeat(300)}`,
      code: "response_too_large",
    },
  ])("comes with errors behind $title", async ({ text, code }) => {
    const { exchange } = await openStream({ limits: { sseEventMaxBytes: 256 } });
    const { text: output, ended } = await pass(exchange, [text]);
    expect(messagesOf(output)).toMatchObject([{ id: 7, error: { data: { code } } }]);
    expect(ended).toBe(true);
  });
});

describe("in a stream", () => {
  test("a server's request that is denied keeps its id and loses all else", async () => {
    const { exchange } = await openStream();
    const { text } = await pass(exchange, [event(denied, "event: message\nid: e-1\n")]);
    const rewritten = { jsonrpc: "2.0", id: "srv", method: "dev.impedance/denied" };
    expect(text).toBe(event(rewritten, "event: message\nid: e-1\n"));
  });

  test("a server's request passes where a rule grants it", async () => {
    const policy = [
      "policy_id: p",
      'version: "1"',
      "default: deny",
      'allow_rules: [{ tool: "*" }, { method: sampling/createMessage }]',
    ].join("\n");
    const { exchange } = await openStream({ policy });
    expect((await pass(exchange, [event(denied, "id: 1\n")])).text).toBe(event(denied, "id: 1\n"));
  });

  test("an answer's id may be spelled in another way", async () => {
    const { exchange } = await openStream();
    const text = 'data: {"jsonrpc":"2.0","id":7.0,"result":{}}\n\n';
    expect(await pass(exchange, [text, ""])).toEqual({ text, ended: false });
  });

  test("a second answer to the same request is dropped", async () => {
    const { exchange } = await openStream();
    const answer = event(toolResult(7, "hello"));
    expect((await pass(exchange, [answer, event(toolResult(7, "again"))])).text).toBe(answer);
  });

  test("a decision that cannot be put on record is a denial", async () => {
    const { exchange } = await openStream({
      dependencies: (real) => ({
        ...real,
        audit: {
          record: ({ input }) => JSON.stringify(input).includes('"request"'),
          omit: () => true,
        },
      }),
    });
    const { text } = await pass(exchange, [event(toolResult(7, "hello"))]);
    expect(messagesOf(text)).toMatchObject([
      { id: 7, error: { data: { code: "audit_unavailable" } } },
    ]);
  });
});

import { Buffer } from "node:buffer";
import { beforeAll, describe, expect, test } from "vitest";
import type { Exchange, HeaderMutation, Headers } from "../../src/core/exchange.ts";
import { answerHead, type DataPath, headOf } from "../golden/data-path.ts";
import { SECRET } from "../support/messages.ts";
import { createCanaryPath, ROOT } from "./wire.ts";

/** Values that servers put into cursors and states: certain secrets, and paths under the root. */
const VALUES = [
  ["a path", `${ROOT}/src/a.ts`],
  ["a secret", SECRET],
  ["JSON in base64", base64({ after: `${ROOT}/b`, page: 2 })],
  ["JSON in base64url", Buffer.from(`{"??>":"${ROOT}/b"}`).toString("base64url")],
  ["base64 in a URL", encodeURIComponent(base64({ token: SECRET }))],
  ["base64 of base64", Buffer.from(base64({ token: SECRET })).toString("base64")],
  [
    "bytes in base64",
    Buffer.concat([Buffer.from([0xd9, 17]), Buffer.from(ROOT)]).toString("base64"),
  ],
  ["a signed state", `v1.${base64({ file: `${ROOT}/c`, step: 3 })}.c2lnbmF0dXJl`],
  ["odd characters", `é\u0000"\\/\u{1f600}${SECRET}`],
] as const;

/** Where an opaque value goes to the client, and where it comes back. */
const WAYS = [
  {
    title: "a cursor",
    out: (value: string) => answer({ tools: [], nextCursor: value }),
    asked: { method: "tools/list", params: {} },
    back: (value: string) => ({ method: "tools/list", params: { cursor: value } }),
    at: ["params", "cursor"],
    from: ["result", "nextCursor"],
  },
  {
    title: "a task's id",
    out: (value: string) => answer({ task: { taskId: value, status: "working" } }),
    asked: { method: "tools/call", params: { name: "read", arguments: {} } },
    back: (value: string) => ({ method: "tasks/get", params: { taskId: value } }),
    at: ["params", "taskId"],
    from: ["result", "task", "taskId"],
  },
  {
    title: "a state",
    out: (value: string) =>
      answer({ resultType: "input_required", requestState: value, inputRequests: {} }),
    asked: { method: "tools/call", params: { name: "read", arguments: {} } },
    back: (value: string) => ({
      method: "tools/call",
      params: { name: "read", arguments: {}, requestState: value },
    }),
    at: ["params", "requestState"],
    from: ["result", "requestState"],
  },
] as const;

let path: DataPath;
beforeAll(async () => {
  path = await createCanaryPath();
});

describe.each(WAYS)("$title", ({ out, asked, back, at, from }) => {
  test.each(VALUES)(
    "that holds %s is sealed for the client, and opened for the server",
    async (_, value) => {
      const exchange = await posted(request(asked));
      const shown = find(await answered(exchange, out(value)), from);
      expect(shown).toMatch(/^sealed1_[0-9a-z]+$/);
      expect(await forwarded(request(back(shown)), at)).toBe(value);
    },
  );

  test("that tells nothing passes as it is, both ways", async () => {
    const value = base64({ page: 2, after: "b1946ac92492d2347c6235b4d2611184" });
    const exchange = await posted(request(asked));
    expect(find(await answered(exchange, out(value)), from)).toBe(value);
    expect(await forwarded(request(back(value)), at)).toBe(value);
  });

  test("is the same one each time it is shown", async () => {
    const shown = async () => find(await answered(await posted(request(asked)), out(ROOT)), from);
    expect(await shown()).toBe(await shown());
  });

  test("whose envelope was changed goes to the server as it is", async () => {
    const shown = find(await answered(await posted(request(asked)), out(ROOT)), from);
    const last = shown.endsWith("0") ? "g" : "0";
    for (const changed of [
      `${shown.slice(0, -1)}${last}`,
      shown.slice(0, -3),
      `${shown}00`,
      `x${shown}`,
    ]) {
      expect(await forwarded(request(back(changed)), at)).toBe(changed);
    }
  });
});

test("an envelope for one server is not opened for another", async () => {
  const exchange = await posted(request(WAYS[0].asked));
  const shown = find(await answered(exchange, WAYS[0].out(ROOT)), WAYS[0].from);
  const there = headOf({ server: "elsewhere" });
  expect(await forwarded(request(WAYS[0].back(shown)), WAYS[0].at, there)).toBe(shown);
});

test("a token of the client's that holds a secret is sealed for the server, and comes back opened", async () => {
  const call = request({
    method: "tools/call",
    params: { name: "read", arguments: {}, _meta: { progressToken: `job ${SECRET}` } },
  });
  const exchange = path.firewall.open(headOf({}));
  await exchange.requestHead();
  const token = find(bodyOf(await exchange.request(bytesOf(call))), [
    "params",
    "_meta",
    "progressToken",
  ]);
  expect(token).toMatch(/^sealed1_/);

  exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
  const params = { progressToken: token, progress: 1 };
  const progress = { jsonrpc: "2.0", method: "notifications/progress", params };
  const output = await exchange.streamChunk(
    bytesOf(`data: ${JSON.stringify(progress)}\n\n`),
    false,
  );
  const event = Buffer.from(output.bytes)
    .toString("utf8")
    .replace(/^data: /, "");
  expect(find(event, ["params", "progressToken"])).toBe(`job ${SECRET}`);
});

test("a token of one nameless client's is opened for no other", async () => {
  const call = request({
    method: "tools/call",
    params: { name: "read", arguments: {}, _meta: { progressToken: SECRET } },
  });
  const first = path.firewall.open(headOf({ headers: session("one") }));
  await first.requestHead();
  const token = find(bodyOf(await first.request(bytesOf(call))), [
    "params",
    "_meta",
    "progressToken",
  ]);

  const second = await posted(request(WAYS[1].asked), headOf({ headers: session("two") }));
  second.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
  const params = { progressToken: token, progress: 1 };
  const progress = { jsonrpc: "2.0", method: "notifications/progress", params };
  const output = await second.streamChunk(bytesOf(`data: ${JSON.stringify(progress)}\n\n`), false);
  expect(Buffer.from(output.bytes).toString("utf8")).toContain(token);
});

test("the id of a server's request that holds a path comes back in the answer to it", async () => {
  const exchange = await posted(request(WAYS[1].asked));
  exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
  const ping = { jsonrpc: "2.0", id: `${ROOT}/7`, method: "ping" };
  const output = await exchange.streamChunk(bytesOf(`data: ${JSON.stringify(ping)}\n\n`), false);
  const shown = find(
    Buffer.from(output.bytes)
      .toString("utf8")
      .replace(/^data: /, ""),
    ["id"],
  );
  expect(shown).toMatch(/^sealed1_/);
  expect(await forwarded({ jsonrpc: "2.0", id: shown, result: {} }, ["id"])).toBe(`${ROOT}/7`);
});

test("the id of a session that holds a path is sealed in its header, and opened on its way back", async () => {
  const exchange = await posted(request(WAYS[0].asked));
  const id = Buffer.from(`${ROOT}#42`).toString("base64url");
  exchange.responseHead(
    answerHead(200, { "content-type": "application/json", "mcp-session-id": id }),
  );
  const verdict = await exchange.response(bytesOf(WAYS[0].out("next")));
  const shown = headerOf("mcp-session-id", new Map(), verdict);
  expect(shown).toMatch(/^sealed1_/);

  for (const method of ["POST", "GET", "DELETE"]) {
    const head = headOf({ method, headers: session(shown ?? "") });
    const again = path.firewall.open(head);
    await again.requestHead();
    const body = method === "POST" ? bytesOf(request(WAYS[0].asked)) : new Uint8Array(0);
    const sent = await again.request(body);
    expect(headerOf("mcp-session-id", head.headers, sent), method).toBe(id);
  }
});

test("a session's id that tells nothing stays in its header as it is", async () => {
  const exchange = await posted(request(WAYS[0].asked));
  const headers = { "content-type": "application/json", "mcp-session-id": "b1946ac92492d234" };
  exchange.responseHead(answerHead(200, headers));
  const verdict = await exchange.response(bytesOf(WAYS[0].out("next")));
  expect(headerOf("mcp-session-id", new Map(), verdict)).toBeUndefined();
});

test("what was sealed is on record, and its value is not", async () => {
  const exchange = await posted(request(WAYS[0].asked));
  const before = path.decisions.length;
  await answered(exchange, WAYS[0].out(`${ROOT}/a`));
  const event = path.decisions[before];
  expect(event?.edits).toEqual([
    {
      pointer: "/result/nextCursor",
      rule: "opaque/value",
      action: "sealed",
      length: ROOT.length + 2,
    },
  ]);
  expect(JSON.stringify(event)).not.toContain(ROOT);
});

function request(call: object): object {
  return { jsonrpc: "2.0", id: 1, ...call };
}

function answer(result: object): object {
  return { jsonrpc: "2.0", id: 1, result };
}

function session(id: string): { readonly [name: string]: string } {
  return { ...Object.fromEntries(headOf({}).headers), "mcp-session-id": id };
}

async function posted(message: object, head = headOf({})): Promise<Exchange> {
  const exchange = path.firewall.open(head);
  await exchange.requestHead();
  bodyOf(await exchange.request(bytesOf(message)));
  return exchange;
}

/** What the client gets. */
async function answered(exchange: Exchange, message: object): Promise<string> {
  exchange.responseHead(answerHead(200));
  return bodyOf(await exchange.response(bytesOf(message)));
}

/** What the server gets at one place of a message. */
async function forwarded(
  message: object,
  at: readonly string[],
  head = headOf({}),
): Promise<string> {
  const exchange = path.firewall.open(head);
  await exchange.requestHead();
  return find(bodyOf(await exchange.request(bytesOf(message))), at);
}

type Sent = Awaited<ReturnType<Exchange["request"]>>;

function bodyOf(verdict: Sent): string {
  if (verdict.kind === "deny") throw new Error(verdict.denial.metadata.reasons.join());
  return Buffer.from(verdict.body).toString("utf8");
}

function headerOf(name: string, headers: Headers, verdict: Sent): string | undefined {
  if (verdict.kind === "deny") throw new Error(verdict.denial.metadata.reasons.join());
  const { set }: HeaderMutation = verdict.headers;
  return new Map([...headers, ...set]).get(name);
}

function find(json: string, at: readonly string[]): string {
  const found = at.reduce(
    (node, key) => (node as { readonly [key: string]: unknown })[key],
    JSON.parse(json) as unknown,
  );
  if (typeof found !== "string") throw new Error(`no text at ${at.join("/")}`);
  return found;
}

function bytesOf(message: string | object): Uint8Array {
  return Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
}

function base64(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64");
}

/** A request that cannot be read is not forwarded, not even in part. */

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Call, openCall, openUpload } from "../../support/client.ts";
import {
  canary,
  endingOf,
  errorOf,
  type FaultyGateway,
  startFaultyGateway,
  toolCall,
  toolResult,
} from "../../support/faulty-firewall.ts";

const MAX_BYTES = 4_096;
const MAX_DEPTH = 16;
const MAX_NODES = 200;
const JSON_TYPE = { "content-type": "application/json" };

let faulty: FaultyGateway;

beforeAll(async () => {
  const limits = {
    requestBodyMaxBytes: MAX_BYTES,
    jsonMaxDepth: MAX_DEPTH,
    jsonMaxNodes: MAX_NODES,
  };
  faulty = await startFaultyGateway({ limits });
  faulty.handler = (exchange) => exchange.json(toolResult("an answer"));
});

afterAll(() => faulty[Symbol.asyncDispose]());

interface Refused {
  readonly title: string;
  readonly body: (canary: string) => string | Uint8Array;
  readonly headers?: Call["headers"];
  readonly method?: string;
  readonly status: number;
  readonly code: string;
}

const parseError = { status: 400, code: "parse_error" };
const invalid = { status: 400, code: "invalid_request" };
const mediaType = { status: 415, code: "unsupported_media_type" };
const text = (value: string): string => JSON.stringify(toolCall(value));

const REFUSED: readonly Refused[] = [
  { title: "no JSON", body: (word) => `{"jsonrpc":"2.0","id":7,${word}`, ...parseError },
  { title: "empty", body: () => "", ...parseError },
  { title: "cut off", body: (word) => text(word).slice(0, -1), ...parseError },
  { title: "followed by more", body: (word) => `${text("fine")} ${text(word)}`, ...parseError },
  { title: "two messages in lines", body: (word) => `${text(word)}\n${text(word)}`, ...parseError },
  { title: "behind a byte order mark", body: (word) => `\ufeff${text(word)}`, ...parseError },
  {
    title: "one that names a member twice",
    body: (word) => text(word).replace('"method"', '"method":"ping","method"'),
    ...parseError,
  },
  {
    title: "one that names an argument twice, once escaped",
    body: (word) => text(word).replace('"text"', '"te\\u0078t":"fine","text"'),
    ...parseError,
  },
  {
    title: "in broken UTF-8",
    body: (word) => Buffer.from(text(`${word}\u00ff`), "latin1"),
    ...parseError,
  },
  { title: "in UTF-16", body: (word) => Buffer.from(text(word), "utf16le"), ...parseError },
  { title: "gzip that does not say so", body: (word) => gzipSync(text(word)), ...parseError },
  {
    title: "gzip that says so",
    body: (word) => gzipSync(text(word)),
    headers: { "content-encoding": "gzip" },
    status: 415,
    code: "request_encoding",
  },
  { title: "too deep", body: (word) => nested(word, MAX_DEPTH), ...invalid },
  { title: "of too many values", body: (word) => listed(word, MAX_NODES + 1), ...invalid },
  { title: "no object", body: (word) => JSON.stringify(word), ...invalid },
  { title: "plain text", body: text, headers: { "content-type": "text/plain" }, ...mediaType },
  { title: "of no type", body: text, headers: { "content-type": "" }, ...mediaType },
  {
    title: "in another charset",
    body: text,
    headers: { "content-type": "application/json; charset=utf-16" },
    ...mediaType,
  },
  {
    title: "the body of a DELETE",
    method: "DELETE",
    body: text,
    status: 400,
    code: "unexpected_body",
  },
  {
    title: "the body of a GET that listens",
    method: "GET",
    body: text,
    headers: { accept: "text/event-stream" },
    status: 400,
    code: "unexpected_body",
  },
];

describe.each(["http1", "http2"] as const)("over %s, a request's body", (protocol) => {
  test.each(REFUSED)("is refused when it is $title", async (refused) => {
    const word = canary();
    const { title: _, body, headers = {}, method = "POST", status, code } = refused;
    const before = faulty.upstream.seen().length;
    const ending = await endingOf(
      openCall(
        { ...faulty.gateway, protocol },
        { path: "/mcp", method, body: body(word), headers: { ...JSON_TYPE, ...headers } },
      ),
    );
    expect({ status: ending.status, body: ending.json() }).toMatchObject({
      status,
      body: errorOf(code),
    });
    expect(ending.text).not.toContain(word);
    expect(faulty.upstream.seen()).toHaveLength(before);
  });

  test("is refused by its announced length, before any of it comes", async () => {
    const before = faulty.upstream.seen().length;
    const headers = { ...JSON_TYPE, "content-length": String(MAX_BYTES + 1) };
    const upload = openUpload({ ...faulty.gateway, protocol }, { path: "/mcp", headers });
    const head = await upload.head;
    expect(head.status).toBe(413);
    upload.abort();
    expect(faulty.upstream.seen()).toHaveLength(before);
  });

  test("is refused at the first byte over the limit, while it still comes", async () => {
    const before = faulty.upstream.seen().length;
    const target = { ...faulty.gateway, protocol };
    const upload = openUpload(target, { path: "/mcp", headers: JSON_TYPE });
    await upload.write(padded(MAX_BYTES));
    void upload.write(" ");
    const head = await upload.head;
    expect(head.status).toBe(413);
    upload.abort();
    expect(faulty.upstream.seen()).toHaveLength(before);
  });

  test("is refused when it does not end in time", async () => {
    const before = faulty.upstream.seen().length;
    const target = { ...faulty.gateway, protocol };
    const upload = openUpload(target, { path: "/mcp", headers: JSON_TYPE });
    await upload.write(text(canary()).slice(0, -1));
    const ending = await endingOf(upload);
    expect(ending.status).toBe(408);
    expect(ending.json()).toMatchObject(errorOf("request_deadline"));
    expect(faulty.upstream.seen()).toHaveLength(before);
  });
});

describe("a body just within every limit", () => {
  test.each([
    { title: "large", body: () => padded(MAX_BYTES) },
    { title: "deep", body: () => nested("fine", MAX_DEPTH - 1) },
    { title: "of many values", body: () => listed("fine", MAX_NODES) },
    { title: "with white space around it", body: () => ` \n${text("fine")}\r\n` },
    { title: "with a name that comes twice in two objects", body: () => text('"text":"text"') },
  ])("passes: $title", async ({ body }) => {
    const bytes = body();
    const before = faulty.upstream.requests.length;
    const ending = await endingOf(
      openCall(faulty.gateway, { path: "/mcp", method: "POST", body: bytes, headers: JSON_TYPE }),
    );
    expect(ending.status).toBe(200);
    expect(String(await faulty.upstream.requests[before]?.whole)).toBe(String(bytes));
  });
});

function padded(length: number): string {
  return text("fine").padEnd(length, " ");
}

/** Message, params and arguments are three containers already. */
function nested(word: string, depth: number): string {
  const levels = depth - 2;
  const inner = "[".repeat(levels) + JSON.stringify(word) + "]".repeat(levels);
  return text("fine").replace('"fine"', inner);
}

/** `count` values in the whole message, seven of them around the list, and the list itself. */
function listed(word: string, count: number): string {
  const list = JSON.stringify([word, ...Array(count - 9).fill(1)]);
  return text("fine").replace('"fine"', list);
}

import { deniedResult, progress, SECRET, toolResult } from "./messages.ts";

/** A stream that answers call 7, for tests of what becomes of it however it is cut. */
export interface StreamCase {
  readonly title: string;
  readonly bytes: Buffer;
}

/** Larger events than this are too large, in these tests. */
export const STREAM_EVENT_MAX_BYTES = 1024;

const answer = JSON.stringify(toolResult(7, "grüße ☃ 😀"));
const step = JSON.stringify(progress(1));
const leak = JSON.stringify(toolResult(7, `é ${SECRET} ü`));
const asking = JSON.stringify({
  jsonrpc: "2.0",
  id: "srv-1",
  method: "sampling/createMessage",
  params: { maxTokens: 1 },
});
const unknown = JSON.stringify({ jsonrpc: "2.0", method: "notifications/made-up" });
const pretty = JSON.stringify(toolResult(7, `over ${SECRET} lines`), null, 1);

/** One event as servers write it, with this line end. */
function event(data: string, end: string, fields = ""): string {
  const lines = data.split("\n").map((line) => `data: ${line}${end}`);
  return `${fields}${lines.join("")}${end}`;
}

function withEnds(end: string): string {
  return [
    `: welcome${end}${end}`,
    `retry: 3000${end}id: e-0${end}data:${end}${end}`,
    event(step, end, `event: message${end}id: e-1${end}`),
    event(asking, end, `id: e-2${end}`),
    event(unknown, end),
    event("{}", end),
    `: ${SECRET}${end}${end}`,
    event(pretty, end, `id: e-3${end}`),
    `${end}: bye${end}`,
  ].join("");
}

const texts: readonly (readonly [title: string, text: string])[] = [
  ["lines that end with LF", withEnds("\n")],
  ["lines that end with CR", withEnds("\r")],
  ["lines that end with CRLF", withEnds("\r\n")],
  ["line ends of all kinds", `id: 1\rdata:${step}\r\n\ndata:${leak}\n\r\n: x\r\r`],
  ["a byte order mark", `\uFEFFdata: ${answer}\n\n`],
  ["a byte order mark and comments", `\uFEFF: a\n: b\n\n\n\n: c\ndata: ${answer}\n\n`],
  ["data without a space, and with two", `data:${step}\n\ndata:  ${answer}\n\n`],
  ["an unterminated last event", `data: ${step}\n\ndata: ${leak}`],
  ["an unterminated last line end", `data: ${step}\n\ndata: ${leak}\n`],
  ["an unterminated half of JSON", `data: ${step}\n\ndata: ${leak.slice(0, 30)}`],
  ["an unterminated comment", `data: ${answer}\n\n: on and on`],
  ["an id with a NUL, an empty id", `id: a\0b\ndata: ${step}\n\nid\ndata: ${answer}\n\n`],
  ["an end before the answer", `data: ${step}\n\n`],
  ["an end before the answer that can be resumed", `id: e-1\ndata: ${step}\n\n`],
  ["a denied result", `data: ${step}\n\ndata: ${JSON.stringify(deniedResult(7))}\n\n: bye\n\n`],
  ["two answers", `data: ${answer}\n\ndata: ${leak}\n\n`],
  ["an answer to somebody else", `data: ${JSON.stringify(toolResult(8, "x"))}\n\n`],
  ["broken JSON", `data: ${step}\n\ndata: {"jsonrpc":\n\ndata: ${answer}\n\n`],
  ["a secret in an id", `id: ${SECRET}\ndata: ${answer}\n\n`],
  ["the transport of 2024", `event: endpoint\ndata: /messages?id=1\n\n`],
  ["an event over the limit", `data: ${step}\n\ndata: "${"x".repeat(STREAM_EVENT_MAX_BYTES)}"\n\n`],
  ["a comment over the limit", `: ${"x".repeat(STREAM_EVENT_MAX_BYTES)}\n\ndata: ${answer}\n\n`],
  ["an event at the limit", atLimit()],
  ["JSON that calls itself a stream", pretty],
  ["JSON that calls itself a stream, in one line", answer],
  ["HTML that calls itself a stream", "<!doctype html>\n<p>hello</p>\n\n"],
  ["nothing", ""],
];

function atLimit(): string {
  const empty = `data: ${JSON.stringify(toolResult(7, ""))}\n\n`;
  return `data: ${JSON.stringify(toolResult(7, "x".repeat(STREAM_EVENT_MAX_BYTES - empty.length)))}\n\n`;
}

export const STREAM_CASES: readonly StreamCase[] = [
  ...texts.map(([title, text]) => ({ title, bytes: Buffer.from(text) })),
  {
    title: "bytes that are no text",
    bytes: Buffer.concat([Buffer.from("data: "), Buffer.from([0xff, 0xc3, 0x0a, 0x0a])]),
  },
  {
    title: "half a character at the end",
    bytes: Buffer.from(`data: ${answer}`).subarray(0, -10),
  },
];

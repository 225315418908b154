import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";

/** What one stream of events was like. */
export interface StreamSeen {
  /** From the call to its first event. */
  readonly firstMs: number;
  /** Of each event: from its sending by the server to its arrival. */
  readonly delaysMs: readonly number[];
}

const ACCEPT = "application/json, text/event-stream";
const VERSION = "2025-11-25";
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Calls a tool whose answer is a stream. Rejects unless every event comes, in order. */
export async function readStream(
  url: string,
  tool: string,
  { everyMs, count }: { readonly everyMs: number; readonly count: number },
): Promise<StreamSeen> {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name: tool,
      arguments: { every_ms: everyMs, count },
      _meta: { progressToken: 1 },
    },
  });
  const started = performance.now();
  const response = await open(url, { method: "POST" }, body);
  const delaysMs: number[] = [];
  let firstMs = Number.NaN;
  let rest = "";
  let isWhole = false;
  for await (const chunk of response.setEncoding("utf8")) {
    if (delaysMs.length === 0) firstMs = performance.now() - started;
    const now = process.hrtime.bigint();
    const events = `${rest}${chunk}`.split("\n\n");
    rest = events.pop() ?? "";
    for (const text of events) {
      const message = messageOf(text);
      if (message === null) continue;
      if (message.result !== undefined) isWhole = delaysMs.length === count;
      else delaysMs.push(delayOf(message, delaysMs.length + 1, now));
    }
  }
  if (!isWhole) throw new Error(`a stream ended after ${delaysMs.length} of ${count} events`);
  return { firstMs, delaysMs };
}

/** A listening stream, once its head is there; it stays open until `close`. */
export async function openIdle(url: string): Promise<{ close(): void }> {
  const response = await open(url, { method: "GET" }, null);
  response.resume().on("error", () => undefined);
  return { close: () => response.destroy() };
}

interface Message {
  readonly params?: { readonly progress: number; readonly message: string };
  readonly result?: object;
}

function messageOf(event: string): Message | null {
  const data = event.split("\n").find((line) => line.startsWith("data: "));
  return data === undefined ? null : JSON.parse(data.slice("data: ".length));
}

function delayOf({ params }: Message, expected: number, now: bigint): number {
  if (params?.progress !== expected) throw new Error("an event is missing, or not in its place");
  let sent = 0n;
  for (const digit of params.message.slice(1))
    sent = sent * 36n + BigInt(Number.parseInt(digit, 36));
  return Number(now - sent) / 1e6;
}

function open(url: string, options: RequestOptions, body: string | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: ACCEPT,
      "mcp-protocol-version": VERSION,
      ...(body !== null && { "content-type": "application/json" }),
    };
    const call = request(url, { agent, headers, ...options }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else reject(new Error(`a stream was refused with ${response.statusCode}`));
    });
    call.once("error", reject);
    call.end(body ?? undefined);
  });
}

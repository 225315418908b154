import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { padJson } from "../src/decision/padding/pad-json.ts";

/** The exchange that both benchmarks repeat: a `tools/call` and its answer, of a given size. */
export interface Exchange {
  readonly request: string;
  readonly response: string;
}

/** The tool that is called: one that the policies of the peers allow too. */
export const TOOL = "search_docs";

const WORDS = "The harbour master reads the report, counts the berths, and writes the day's list. ";

/** A request and an answer of exactly so many bytes, with prose in them. */
export function exchangeOf(requestBytes: number, responseBytes: number): Exchange {
  return {
    request: filled(requestBytes, (text) => ({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: TOOL, arguments: { title: "The day's list", text } },
    })),
    response: filled(responseBytes, (text) => ({
      jsonrpc: "2.0",
      id: 1,
      result: { content: [{ type: "text", text }], isError: false },
    })),
  };
}

/** A call with these arguments, and a short answer. */
export function exchangeWith(args: object): Exchange {
  const content = [{ type: "text", text: "done" }];
  return {
    request: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: TOOL, arguments: args },
    }),
    response: JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content, isError: false } }),
  };
}

/** Those of a listing that the policy lets be called. */
export const LISTED_TOOLS = "read_*";

/** A listing of `count` tools, of which every other one may be called; `edition` tells two apart. */
export function listingOf(count: number, edition: number): Exchange {
  const tools = Array.from({ length: count }, (_, index) => ({
    name: `${index % 2 === 0 ? "read" : "write"}_${index}`,
    title: `Edition ${edition}`,
    description: WORDS,
    inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
  }));
  return {
    request: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    response: JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools } }),
  };
}

function filled(bytes: number, message: (text: string) => object): string {
  const room = bytes - JSON.stringify(message("")).length;
  if (room < 0) throw new Error(`a message does not fit into ${bytes} bytes`);
  const text = WORDS.repeat(Math.ceil(room / WORDS.length)).slice(0, room);
  return JSON.stringify(message(text));
}

/** As the firewall sends it by default. */
export function padded(response: string): string {
  const { responseBodyMaxBytes } = DEFAULT_LIMITS;
  const bytes = padJson(Buffer.from(response), { kind: "padme" }, responseBodyMaxBytes);
  return Buffer.from(bytes).toString("utf8");
}

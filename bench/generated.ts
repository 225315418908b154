import type { Call, Message, Traffic } from "./observed.ts";

/** Lengths of text: the median, and how far they scatter (σ of a log-normal distribution). */
interface Spread {
  readonly median: number;
  readonly sigma: number;
}

interface Tool {
  readonly name: string;
  /** How often it is called, against the others. */
  readonly weight: number;
  /** Names of path-valued arguments. */
  readonly paths: readonly string[];
  /** Name and length of a text argument. */
  readonly text?: Spread & { readonly name: string };
  readonly result: Spread;
}

/** The tools of server-filesystem and server-everything, as a coding agent would use them. */
const TOOLS: readonly Tool[] = [
  { name: "read_text_file", weight: 30, paths: ["path"], result: { median: 2500, sigma: 1.2 } },
  {
    name: "write_file",
    weight: 8,
    paths: ["path"],
    text: { name: "content", median: 2500, sigma: 1.2 },
    result: { median: 60, sigma: 0.2 },
  },
  {
    name: "edit_file",
    weight: 15,
    paths: ["path"],
    text: { name: "edits", median: 500, sigma: 0.9 },
    result: { median: 700, sigma: 0.8 },
  },
  { name: "list_directory", weight: 12, paths: ["path"], result: { median: 350, sigma: 0.8 } },
  { name: "directory_tree", weight: 2, paths: ["path"], result: { median: 9000, sigma: 1 } },
  {
    name: "search_files",
    weight: 10,
    paths: ["path"],
    text: { name: "pattern", median: 12, sigma: 0.5 },
    result: { median: 400, sigma: 1.2 },
  },
  { name: "get_file_info", weight: 4, paths: ["path"], result: { median: 260, sigma: 0.05 } },
  {
    name: "move_file",
    weight: 2,
    paths: ["source", "destination"],
    result: { median: 110, sigma: 0.2 },
  },
  {
    name: "echo",
    weight: 5,
    paths: [],
    text: { name: "message", median: 40, sigma: 0.6 },
    result: { median: 46, sigma: 0.6 },
  },
  { name: "get-sum", weight: 3, paths: [], result: { median: 32, sigma: 0.05 } },
  { name: "get-tiny-image", weight: 1, paths: [], result: { median: 5600, sigma: 0 } },
];

const PATH: Spread = { median: 42, sigma: 0.35 };
const TEXT_MAX = 500_000;

/** The same calls each time: the generator starts from a fixed seed. */
export function generatedTraffic(count: number): Traffic {
  const random = createRandom(20_261_121);
  const calls = Array.from({ length: count }, (_, index) => callOf(pick(random), index, random));
  return {
    name: `generated calls (${count})`,
    messages: calls.flatMap(({ request, response }) => [request, response]),
    calls,
  };
}

function callOf(tool: Tool, id: number, random: () => number): Call {
  const { name, paths, text } = tool;
  const args = Object.fromEntries(paths.map((path) => [path, filler(PATH, random)]));
  if (text !== undefined) args[text.name] = filler(text, random);
  const result = { content: [{ type: "text", text: filler(tool.result, random) }] };
  const request = { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
  const response = JSON.stringify({ jsonrpc: "2.0", id, result });
  return {
    tool: name,
    request: jsonOf("request", JSON.stringify(request)),
    response: {
      direction: "response",
      form: "event",
      bytes: Buffer.from(`event: message\ndata: ${response}\n\n`),
    },
  };
}

function jsonOf(direction: Message["direction"], text: string): Message {
  return { direction, form: "json", bytes: Buffer.from(text) };
}

function pick(random: () => number): Tool {
  const total = TOOLS.reduce((sum, { weight }) => sum + weight, 0);
  let rest = random() * total;
  for (const tool of TOOLS) {
    rest -= tool.weight;
    if (rest < 0) return tool;
  }
  throw new Error("the weights do not add up");
}

function filler({ median, sigma }: Spread, random: () => number): string {
  // Box-Muller.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const length = Math.round(median * Math.exp(sigma * normal));
  return "x".repeat(Math.max(1, Math.min(length, TEXT_MAX)));
}

/** xorshift32: numbers from 0 up to, but without, 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * `npm run bench:guards`: what Layer 1 costs for one message, with every guard on, personal data
 * included, on texts of different nature. Parsing is not in it; finding the leaves' nature is.
 *
 *   node bench/guards.ts [--save FILE] [--format text|json]
 *
 * Figures are printed, and nothing is asserted.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { defaultConfig } from "../src/config/load-config.ts";
import type { Place } from "../src/core/finding.ts";
import { createInspector, type Inspector } from "../src/guard/inspect.ts";
import { parseJson } from "../src/mcp/json/parse.ts";
import { classifyLeaves } from "../src/mcp/message/leaves.ts";
import { loadGuards } from "../src/server/load-guards.ts";
import { systemClock } from "../src/server/system.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { quantile } from "./statistics.ts";
import { exchangeOf } from "./traffic.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** How often each is measured grows as it gets smaller. */
const SIZES = [
  { name: "400 B", bytes: 400, times: 5_000 },
  { name: "4 KiB", bytes: 4_096, times: 2_000 },
  { name: "64 KiB", bytes: 65_536, times: 200 },
  { name: "1 MiB", bytes: 1_048_576, times: 30 },
] as const;

const PLACE: Place = {
  direction: "response",
  server: "bench",
  kind: "result",
  method: "tools/call",
  tool: "read",
  sessionId: null,
};

const ASKED: Place = { ...PLACE, direction: "request", kind: "request" };

/** Of a call, whose arguments the guard `attacks` reads: one text, a program, and many values. */
const CALLS: ReadonlyMap<string, (bytes: number) => object> = new Map<
  string,
  (bytes: number) => object
>([
  ["a call with one text", (bytes) => ({ text: cut(documentation(), bytes) })],
  ["a call with one program", (bytes) => ({ content: cut(source("src/pipeline"), bytes) })],
  ["a call with many short values", (bytes) => ({ rows: shortValues(bytes) })],
]);

/** Where a server lists its tools, the text stands in descriptions of so many characters. */
const LISTED = "listed descriptions";
const DESCRIPTION_LENGTH = 400;

/** By name: a text of so many bytes. The last is made of what the guards look for. */
const TEXTS: ReadonlyMap<string, (bytes: number) => string> = new Map([
  ["prose", (bytes) => contentOf(exchangeOf(400, Math.max(400, bytes)).response)],
  ["code", (bytes) => cut(source("src/pipeline"), bytes)],
  ["documentation", (bytes) => cut(documentation(), bytes)],
  [LISTED, (bytes) => cut(documentation(), bytes)],
  ["names of 300 secrets", (bytes) => cut(readFileSync(`${ROOT}docs/guards.md`, "utf8"), bytes)],
]);

const { values } = parseArgs({
  options: { save: { type: "string" }, format: { type: "string", default: "text" } },
});
print(measureAll(await allGuards()));

async function allGuards(): Promise<Inspector> {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the default configuration is wrong");
  const pii = { ...config.value.pii, enabled: true };
  const settings = { redact: null, detect: null, only: null, onFault() {} };
  const guards = await loadGuards({ ...config.value, pii }, settings);
  if (!guards.ok) throw new Error(guards.error.join("\n"));
  return createInspector(guards.value, { clock: systemClock, budgetMs: 60_000 });
}

interface Row {
  readonly text: string;
  readonly size: string;
  readonly p50_us: number;
  readonly p99_us: number;
}

function measureAll(inspector: Inspector): Row[] {
  return SIZES.flatMap(({ name, bytes, times }) => {
    const rowOf = (text: string, samples: Float64Array): Row => ({
      text,
      size: name,
      p50_us: share(samples, 0.5),
      p99_us: share(samples, 0.99),
    });
    const answers = [...TEXTS].map(([text, make]) => {
      const message = { jsonrpc: "2.0", id: 1, result: resultOf(text, make(bytes)) };
      return rowOf(text, measure(inspector, message, PLACE, times));
    });
    const calls = [...CALLS].map(([text, make]) => {
      const params = { name: "read", arguments: make(bytes) };
      const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
      return rowOf(text, measure(inspector, message, ASKED, times));
    });
    return [...answers, ...calls];
  });
}

function resultOf(name: string, text: string): object {
  if (name !== LISTED) return { content: [{ type: "text", text }] };
  const parts = text.match(new RegExp(`[^]{1,${DESCRIPTION_LENGTH}}`, "g")) ?? [];
  const inputSchema = { type: "object" };
  return { tools: parts.map((description) => ({ name: "tool", description, inputSchema })) };
}

function measure(inspector: Inspector, message: object, place: Place, times: number): Float64Array {
  const config = { jsonMaxDepth: 64, jsonMaxNodes: 500_000, stringMaxLength: 16_777_216 };
  const document = parseJson(Buffer.from(JSON.stringify(message)), config);
  if (!document.ok) throw new Error(document.error.code);
  const samples = new Float64Array(times);
  for (let count = -Math.ceil(times / 10); count < times; count += 1) {
    const started = performance.now();
    inspector.inspect(classifyLeaves(document.value), place);
    if (count >= 0) samples[count] = performance.now() - started;
  }
  return samples.sort();
}

function share(samples: Float64Array, part: number): number {
  return Math.round(quantile(samples, part) * 10_000) / 10;
}

function documentation(): string {
  return readFileSync(`${ROOT}docs/policy.md`, "utf8");
}

/** What rows of a table hold: states, names, times, paths, addresses, a few words. */
function shortValues(bytes: number): readonly string[] {
  const values: string[] = [];
  for (let left = bytes, row = 0; left > 0; row += 1) {
    for (const value of [
      `item-${row}`,
      "in progress",
      `2026-01-02T03:04:${10 + (row % 50)}Z`,
      `src/parts/part${row}.ts`,
      `ada.byron${row}@example.com`,
      "it's ready (see the note)",
      `https://example.com/items/${row}`,
    ]) {
      values.push(value);
      left -= value.length;
    }
  }
  return values;
}

function contentOf(response: string): string {
  const { result } = JSON.parse(response) as { result: { content: [{ text: string }] } };
  return result.content[0].text;
}

function source(folder: string): string {
  const files = readdirSync(`${ROOT}${folder}`).sort();
  return files.map((name) => readFileSync(`${ROOT}${folder}/${name}`, "utf8")).join("\n");
}

function cut(text: string, bytes: number): string {
  return text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes);
}

function print(rows: readonly Row[]): void {
  const machine = describeMachine();
  const result = { machine, rows };
  if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(result)}\n`);
  if (values.format === "json") {
    console.log(JSON.stringify(result, null, 2));
    return;
  }
  console.log(machineLine(machine));
  console.log("µs for one message, all guards on: p50 (p99)\n");
  console.log("| text | size | p50 (p99) |\n|---|---|--:|");
  for (const { text, size, p50_us, p99_us } of rows) {
    console.log(`| ${text} | ${size} | ${p50_us} (${p99_us}) |`);
  }
}

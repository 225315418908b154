/**
 * `npm run bench:padding`: what padding costs in bytes, and what the lengths still tell in bits, for
 * each scheme, on the recorded sessions of `../shared/corpora/traffic` and on generated calls.
 *
 *   node bench/padding.ts [--format text|json]
 *
 * Every message goes through the code of the data path. Figures are printed, nothing is asserted.
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import type { PaddingScheme } from "../src/core/padding.ts";
import { padEvent } from "../src/decision/padding/pad-event.ts";
import { padJson } from "../src/decision/padding/pad-json.ts";
import { generatedTraffic } from "./generated.ts";
import { bestGuess, entropyBits, mutualInformationBits } from "./leakage.ts";
import { type Call, type Message, recordedTraffic, type Traffic } from "./observed.ts";

const RECORDED = fileURLToPath(new URL("../../shared/corpora/traffic", import.meta.url));
const GENERATED_CALLS = 20_000;

const SCHEMES: readonly PaddingScheme[] = [
  { kind: "off" },
  { kind: "padme" },
  { kind: "step", sizes: [256, 1024, 4096, 16_384, 65_536] },
  { kind: "constant", blockBytes: 1024 },
  { kind: "constant", blockBytes: 4096 },
];

/** Of the columns of a table. */
const WIDTHS = [14, 10, 9, 8, 10, 14, 7, 7, 8];

/** Of one scheme on one kind of traffic. */
interface Row {
  readonly scheme: string;
  /** On the wire, in bodies and events. */
  readonly bytes: number;
  readonly overheadPercent: number;
  /** How many lengths there are, and the entropy of a message's length. */
  readonly lengths: number;
  readonly entropyBits: number;
  /** What the lengths of a call's request, of its answer, of both tell of its tool. */
  readonly toolBits: Each;
  /** How often the likeliest tool for both lengths is the right one. */
  readonly bestGuessPercent: number;
}

interface Each {
  readonly request: number;
  readonly response: number;
  readonly both: number;
}

interface Table {
  readonly traffic: string;
  readonly messages: number;
  readonly calls: number;
  readonly tools: number;
  /** What there is to learn of the tool. */
  readonly toolEntropyBits: number;
  /** How often whoever sees nothing and always names the commonest tool is right. */
  readonly blindGuessPercent: number;
  readonly rows: readonly Row[];
}

const { values } = parseArgs({ options: { format: { type: "string", default: "text" } } });
const recorded = recordedTraffic(RECORDED);
const tables = [...(recorded === null ? [] : [recorded]), generatedTraffic(GENERATED_CALLS)].map(
  tableOf,
);
if (values.format === "json") {
  console.log(JSON.stringify({ bench: "padding", tables }));
} else {
  if (recorded === null) console.log("There are no recorded sessions here: generated calls only.");
  for (const table of tables) print(table);
}

function tableOf({ name, messages, calls }: Traffic): Table {
  const tools = calls.map(({ tool }) => tool);
  return {
    traffic: name,
    messages: messages.length,
    calls: calls.length,
    tools: new Set(tools).size,
    toolEntropyBits: entropyBits(tools),
    blindGuessPercent: 100 * bestGuess(tools.map((tool) => [tool, ""])),
    rows: SCHEMES.map((scheme) => rowOf(scheme, messages, calls)),
  };
}

function rowOf(scheme: PaddingScheme, messages: readonly Message[], calls: readonly Call[]): Row {
  const lengths = messages.map((message) => wireLength(message, scheme));
  const bytes = sum(lengths);
  const own = sum(messages.map((message) => message.bytes.length));
  const observed = messages.map(({ direction }, index) => `${direction} ${lengths[index]}`);
  const seen = calls.map(({ tool, request, response }) => ({
    tool,
    request: String(wireLength(request, scheme)),
    response: String(wireLength(response, scheme)),
  }));
  const both = seen.map((call) => [call.tool, `${call.request} ${call.response}`] as const);
  return {
    scheme: nameOf(scheme),
    bytes,
    overheadPercent: (100 * (bytes - own)) / own,
    lengths: new Set(observed).size,
    entropyBits: entropyBits(observed) - entropyBits(messages.map(({ direction }) => direction)),
    toolBits: {
      request: mutualInformationBits(seen.map(({ tool, request }) => [tool, request])),
      response: mutualInformationBits(seen.map(({ tool, response }) => [tool, response])),
      both: mutualInformationBits(both),
    },
    bestGuessPercent: 100 * bestGuess(both),
  };
}

function wireLength({ direction, form, bytes }: Message, scheme: PaddingScheme): number {
  const { requestBodyMaxBytes, responseBodyMaxBytes, sseEventMaxBytes } = DEFAULT_LIMITS;
  if (form === "event") return padEvent(bytes, scheme, sseEventMaxBytes).length;
  const maxBytes = direction === "request" ? requestBodyMaxBytes : responseBodyMaxBytes;
  return padJson(bytes, scheme, maxBytes).length;
}

function print(table: Table): void {
  const { traffic, messages, calls, tools, toolEntropyBits, blindGuessPercent } = table;
  console.log(
    `\n${traffic}: ${messages} messages, ${calls} calls of ${tools} tools ` +
      `(${toolEntropyBits.toFixed(2)} bits; guessed blindly ${blindGuessPercent.toFixed(0)} %)\n`,
  );
  const heads = ["scheme", "bytes", "more", "lengths", "H(length)"];
  const told = ["tool: request", "answer", "both", "guessed"];
  printLine([...heads, ...told]);
  for (const row of table.rows) {
    printLine([
      row.scheme,
      String(row.bytes),
      `${row.overheadPercent.toFixed(1)} %`,
      String(row.lengths),
      bits(row.entropyBits),
      bits(row.toolBits.request),
      bits(row.toolBits.response),
      bits(row.toolBits.both),
      `${row.bestGuessPercent.toFixed(0)} %`,
    ]);
  }
}

function printLine(cells: readonly string[]): void {
  const padded = cells.map((cell, index) =>
    index === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[index] ?? 0),
  );
  console.log(padded.join(" "));
}

function nameOf(scheme: PaddingScheme): string {
  return scheme.kind === "constant" ? `constant ${scheme.blockBytes}` : scheme.kind;
}

function bits(value: number): string {
  // A sum of logarithms may miss zero by a hair.
  return Math.abs(value).toFixed(2);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

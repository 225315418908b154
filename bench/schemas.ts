/**
 * `node bench/schemas.ts`: what it costs to hold arguments of a tool against its schema, once it is
 * compiled, and what the first call pays. Figures are printed; that each value has the verdict it
 * should have is checked inside of the loop.
 */

import { createSchemaJudge } from "../src/schema/judge.ts";
import { nodeOf, toolWith } from "../test/unit/schema/tools.ts";
import { quantile } from "./statistics.ts";

const ROUNDS = 5_000;
const COLD_ROUNDS = 100;

const EDIT = {
  type: "object",
  properties: {
    oldText: { type: "string", minLength: 1 },
    newText: { type: "string" },
    line: { type: "integer", minimum: 1 },
  },
  required: ["oldText", "newText"],
  additionalProperties: false,
};
const SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: {
    path: { type: "string", pattern: "^/[a-z/.]+$" },
    mode: { enum: ["dry", "wet"] },
    edits: { type: "array", items: EDIT, minItems: 1 },
  },
  required: ["path", "edits"],
  additionalProperties: false,
};

/** Arguments of about this many bytes: some edits of a file. */
function argumentsOf(bytes: number) {
  const edits = Array.from({ length: 20 }, (_, line) => {
    const text = "word ".repeat(Math.ceil(bytes / 220)).trim();
    return { oldText: text, newText: text.toUpperCase(), line: line + 1 };
  });
  return { path: "/srv/projects/app/a.ts", mode: "dry", edits };
}

function microseconds(rounds: number, work: () => void): string {
  const laps = Float64Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) * 1000;
  }).sort();
  const [p50, p99] = [0.5, 0.99].map((share) => quantile(laps, share).toFixed(1));
  return `p50 ${p50} µs, p99 ${p99} µs`;
}

for (const bytes of [400, 4096, 65_536]) {
  const given = argumentsOf(bytes);
  const node = nodeOf(given);
  const judge = createSchemaJudge();
  const tool = toolWith({ inputSchema: SCHEMA });
  const check = (): void => {
    const { kind } = judge.arguments(tool, node);
    const unknown = judge.unknownArguments(tool, node);
    if (kind !== "fits" || unknown?.length !== 0) throw new Error(`a wrong verdict: ${kind}`);
  };
  for (let round = 0; round < ROUNDS; round++) check();
  const size = JSON.stringify(given).length;
  process.stdout.write(`warm, ${size} B of arguments: ${microseconds(ROUNDS, check)}\n`);
}

let version = 0;
const first = (): void => {
  version += 1;
  const tool = toolWith({ inputSchema: { ...SCHEMA, title: String(version) } });
  createSchemaJudge().arguments(tool, nodeOf(argumentsOf(400)));
};
process.stdout.write(`first call: ${microseconds(COLD_ROUNDS, first)}\n`);

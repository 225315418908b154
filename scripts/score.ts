import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatConfigError } from "../src/config/config-error.ts";
import { defaultConfig } from "../src/config/load-config.ts";
import { createScanner, type Scanner } from "../src/server/scanner.ts";
import { judgeRow, type Outcome, type Row, scoreOf } from "./score/judge.ts";
import { formatMisses, formatScores } from "./score/report.ts";

const USAGE = `usage: npm run score -- [--corpus FILE] [--format text|json] [--misses]

Scores the secrets guard on labelled texts, by the code that \`impedance scan\` runs.
  --corpus FILE    JSON lines of text, is_secret, secret, kind, tier
                   [../shared/corpora/secrets-dev.jsonl]
  --format FORMAT  text or json                                          [text]
  --misses         also what went wrong: row and kind, never the secret`;

const SAMPLE = fileURLToPath(new URL("../../shared/corpora/secrets-dev.jsonl", import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      corpus: { type: "string", default: SAMPLE },
      format: { type: "string", default: "text" },
      misses: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(USAGE);
  if (!existsSync(values.corpus)) {
    console.error(`${values.corpus}: no such corpus; name one with --corpus FILE`);
    return 1;
  }
  const outcomes = await judgeAll(await readRows(values.corpus), await guardsAlone());
  const scores = scoreOf(outcomes);
  const misses = values.misses ? outcomes.filter(({ result }) => result !== "right") : [];
  if (values.format === "json") {
    return say(JSON.stringify(values.misses ? { ...scores, misses } : scores, null, 2));
  }
  return say([formatScores(scores), ...formatMisses(misses)].join("\n"));
}

function say(text: string): number {
  console.log(text);
  return 0;
}

async function readRows(file: string): Promise<readonly Row[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Row);
}

async function guardsAlone(): Promise<Scanner> {
  const config = defaultConfig({});
  if (!config.ok) throw new Error(config.error.map(formatConfigError).join("\n"));
  const scanner = await createScanner(config.value, {
    direction: "response",
    server: "score",
    guards: ["secrets"],
    onFault(guard) {
      throw new Error(`the guard ${guard} failed`);
    },
  });
  if (!scanner.ok) throw new Error(scanner.error.join("\n"));
  return scanner.value;
}

async function judgeAll(rows: readonly Row[], scanner: Scanner): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, row] of rows.entries()) {
    const answer = await scanner.scan(Buffer.from(JSON.stringify({ id: index, text: row.text })));
    if (!answer.ok) throw new Error(`row ${index + 1} cannot be scanned`);
    outcomes.push(judgeRow(index + 1, row, (JSON.parse(answer.value) as { text: string }).text));
  }
  return outcomes;
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatConfigError } from "../src/config/config-error.ts";
import { defaultConfig } from "../src/config/load-config.ts";
import type { Direction } from "../src/core/message.ts";
import { createScanner, type Scanner } from "../src/server/scanner.ts";
import {
  type AttackOutcome,
  type AttackRow,
  callOf,
  formatAttackMisses,
  formatAttackScores,
  isUnseen,
  scoreAttacks,
} from "./score/attacks.ts";
import { judgeRow, type Outcome, type Row, scoreOf } from "./score/judge.ts";
import { formatMisses, formatScores } from "./score/report.ts";

const USAGE = `usage: npm run score -- [--guard secrets|attacks] [--corpus FILE] [--format text|json]
                             [--misses]

Scores a guard on labelled texts, by the code that \`impedance scan\` runs.
  --guard GUARD    secrets or attacks; attacks reads two files beside     [secrets]
  --corpus FILE    JSON lines of text, is_secret, secret, kind, tier
                   [../shared/corpora/secrets-dev.jsonl]
  --format FORMAT  text or json                                          [text]
  --misses         also what went wrong: row and kind, never the secret`;

const SAMPLE = fileURLToPath(new URL("../../shared/corpora/secrets-dev.jsonl", import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      guard: { type: "string", default: "secrets" },
      corpus: { type: "string", default: SAMPLE },
      format: { type: "string", default: "text" },
      misses: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(USAGE);
  if (values.guard === "attacks") {
    return scoreAttackSamples(dirname(values.corpus), values.misses);
  }
  if (!existsSync(values.corpus)) {
    console.error(`${values.corpus}: no such corpus; name one with --corpus FILE`);
    return 1;
  }
  const outcomes = await judgeAll(
    await readRows(values.corpus),
    await guardAlone("secrets", "response"),
  );
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

async function guardAlone(guard: string, direction: Direction): Promise<Scanner> {
  const config = defaultConfig({});
  if (!config.ok) throw new Error(config.error.map(formatConfigError).join("\n"));
  const scanner = await createScanner(config.value, {
    direction,
    server: "score",
    guards: [guard],
    onFault(failed) {
      throw new Error(`the guard ${failed} failed`);
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

/** By class and by part: with the argument's own name, and with one that says nothing. */
async function scoreAttackSamples(folder: string, withMisses: boolean): Promise<number> {
  const scanner = await guardAlone("attacks", "request");
  for (const isNamed of [true, false]) {
    const outcomes = [
      ...(await judgeAttacks(join(folder, "attacks-dev.jsonl"), true, isNamed, scanner)),
      ...(await judgeAttacks(join(folder, "benign-dev.jsonl"), false, isNamed, scanner)),
    ];
    say(`\nthe argument's name is ${isNamed ? "its own" : "text"}`);
    say(formatAttackScores(scoreAttacks(outcomes)));
    if (withMisses) say(formatAttackMisses(outcomes).join("\n"));
  }
  return 0;
}

async function judgeAttacks(
  file: string,
  isAttack: boolean,
  isNamed: boolean,
  scanner: Scanner,
): Promise<readonly AttackOutcome[]> {
  const outcomes: AttackOutcome[] = [];
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  for (const [index, line] of lines.entries()) {
    const row = JSON.parse(line) as AttackRow;
    if (row.where !== "argument") continue;
    const found = await isFound(scanner, callOf(row, isNamed));
    const group = `${isUnseen(line) ? "unseen" : "seen"} ${isAttack ? row.class : "harmless"}`;
    outcomes.push({ row: index + 1, group, right: found === isAttack });
  }
  return outcomes;
}

async function isFound(scanner: Scanner, message: object): Promise<boolean> {
  const answer = await scanner.scan(Buffer.from(JSON.stringify({ id: 1, message })));
  if (!answer.ok) throw new Error(answer.error);
  const { findings } = JSON.parse(answer.value) as { findings: readonly { guard: string }[] };
  return findings.some(({ guard }) => guard === "attacks");
}

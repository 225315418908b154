import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { quantile } from "./statistics.ts";
import type { Exchange } from "./traffic.ts";

/** One run of a load generator against one way; no answer in it was wrong. */
export interface Load {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What is sent, and the answer that must come, as files for programs that read files. */
export interface Script {
  readonly folder: string;
  readonly request: string;
  readonly answer: string;
  readonly answerBytes: number;
}

const JSON_HEADERS = [
  "content-type: application/json",
  "accept: application/json, text/event-stream",
];
/** Of the open loop, together: more than ever wait at a rate that can be held. */
const CONNECTIONS = 4;
const STREAMS_PER_CONNECTION = 200;
/** Of the flood: Envoy takes no more streams on a connection than 256. */
const FLOOD_CONNECTIONS = 16;
const FLOOD_STREAMS = 250;
/** A generator that takes so much longer than it was told to is stuck. */
const SLACK_MS = 60_000;

export async function writeScript(folder: string, name: string, exchange: Exchange) {
  const script: Script = {
    folder,
    request: join(folder, `${name}.request`),
    answer: join(folder, `${name}.answer`),
    answerBytes: Buffer.byteLength(exchange.response),
  };
  await writeFile(script.request, exchange.request);
  await writeFile(script.answer, exchange.response);
  return script;
}

/** V8 compiles a service for so many calls: until then each costs up to twice as much. */
export const WARM_CALLS = 25_000;
/** What is slower than that stays cold. */
const WARM_UP_SECONDS_MAX = 90;

/** Makes so many calls before anything is measured. */
export async function warmUp(url: string, script: Script, calls: number): Promise<void> {
  const slice = { connections: 16, seconds: 2 };
  let made = 0;
  for (let spent = 0; made < calls && spent < WARM_UP_SECONDS_MAX; spent += slice.seconds) {
    made += (await closedLoop(url, script, slice)).calls;
  }
}

/** As many calls as go through, each connection one after the other. Every answer is compared. */
export async function closedLoop(
  url: string,
  script: Script,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Load> {
  const lua = fileURLToPath(new URL("wrk.lua", import.meta.url));
  const shape = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s"];
  const lines = await run(
    process.env.IMPEDANCE_WRK ?? "wrk",
    [...shape, "-s", lua, url, "--", script.request, script.answer],
    seconds,
  );
  const result = JSON.parse(lines.at(-1) ?? "{}");
  const { calls, us, wrong, failed, p50_us, p99_us } = result;
  if (!(calls > 0) || wrong + failed > 0) throw new Error(`wrong answers: ${lines.at(-1)}`);
  return { calls, seconds: us / 1e6, p50Ms: p50_us / 1e3, p99Ms: p99_us / 1e3 };
}

/**
 * So many calls a second, whatever becomes of those before. h2load compares no bodies: counted are
 * their statuses, and the bytes of all bodies together.
 */
export async function openLoop(
  url: string,
  script: Script,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Load> {
  const calls = Math.round(rate * seconds);
  const log = join(script.folder, "h2load.tsv");
  await writeFile(log, "");
  const shape = [`-c${CONNECTIONS}`, `-m${STREAMS_PER_CONNECTION}`, `-n${calls}`];
  const headers = JSON_HEADERS.flatMap((header) => ["-H", header]);
  const lines = await run(
    process.env.IMPEDANCE_H2LOAD ?? "h2load",
    [
      ...[...shape, `--rps=${rate / CONNECTIONS}`, "-d", script.request, ...headers],
      ...[`--log-file=${log}`, url],
    ],
    seconds,
  );
  const rows = (await readFile(log, "utf8")).trimEnd().split("\n");
  const answers = rows.map((row) => row.split("\t").map(Number));
  const good = answers.filter(([, status]) => status === 200);
  const bytes = Number(/\((\d+)\) data/.exec(lines.join("\n"))?.[1]);
  if (good.length !== calls || bytes !== calls * script.answerBytes) {
    throw new Error(`wrong answers: ${good.length} of ${calls} with status 200, ${bytes} bytes`);
  }
  const times = Float64Array.from(good, ([, , us = 0]) => us / 1e3).sort();
  const ends = good.map(([start = 0, , us = 0]) => start + us);
  const first = Math.min(...good.map(([start = 0]) => start));
  const took = (Math.max(...ends) - first) / 1e6;
  return { calls, seconds: took, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** One call's status, and the time to the end of its answer. */
export interface Answer {
  readonly status: number;
  readonly ms: number;
}

export interface Flood {
  readonly answers: readonly Answer[];
  /** From the first call to the last answer. */
  readonly seconds: number;
}

/** As the open loop, of more calls than can be answered: what became of each. */
export async function flood(
  url: string,
  script: Script,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Flood> {
  const log = join(script.folder, "flood.tsv");
  await writeFile(log, "");
  const shape = [`-c${FLOOD_CONNECTIONS}`, `-m${FLOOD_STREAMS}`];
  await run(
    process.env.IMPEDANCE_H2LOAD ?? "h2load",
    [
      ...[...shape, `-n${Math.round(rate * seconds)}`, `--rps=${rate / FLOOD_CONNECTIONS}`],
      ...["-d", script.request, ...JSON_HEADERS.flatMap((header) => ["-H", header])],
      ...[`--log-file=${log}`, url],
    ],
    seconds,
  );
  const rows = (await readFile(log, "utf8")).trimEnd().split("\n");
  const seen = rows.map((row) => row.split("\t").map(Number));
  const first = seen.reduce((least, [start = 0]) => Math.min(least, start), Number.MAX_VALUE);
  const last = seen.reduce((most, [start = 0, , us = 0]) => Math.max(most, start + us), 0);
  const answers = seen.map(([, status = 0, us = 0]) => ({ status, ms: us / 1e3 }));
  return { answers, seconds: (last - first) / 1e6 };
}

/** The lines that a program printed. Rejects when it failed, with what it said. */
async function run(program: string, args: readonly string[], seconds: number): Promise<string[]> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: seconds * 1_000 + SLACK_MS,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const code = await ended;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${lines.join("\n")}`);
  return lines.filter((line) => line !== "");
}

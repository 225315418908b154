/** Three times as much comes as can be done: what can be done is done all the same. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";

import { writeBusyGuard } from "../../../bench/busy-guard.ts";
import { cpuUsOf, factsOf, forgetPeak } from "../../../bench/process-facts.ts";
import { withPatience } from "../../support/envoys.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startServe } from "../../support/serve-process.ts";
import { startUpstream } from "../../support/upstream.ts";
import { openCaller } from "./many-calls.ts";

const CALLERS = 32;
const CAPACITY_CALLS = 400;
const TIMES = 3;
const FLOOD_SECONDS = 5;
/** The machine has other things to do, at other times: one that is fair to both is enough. */
const ROUNDS = 3;
/** Envoy takes no more than 256 calls on a connection. */
const SESSIONS = 16;
const EVERY_MS = 5;
const GROWTH_MAX_KIB = 64 * 1024;
const MARK = "work-hard-on-this";

/** The service is to be what is full, and not what calls it. */
const GUARD = { word: MARK, ms: 4 };

interface Outcome {
  readonly good: number;
  readonly shed: number;
  readonly others: readonly string[];
  readonly seconds: number;
  /** Of the client, at any time. */
  readonly mostOpen: number;
}

interface Round {
  /** Of the capacity. */
  readonly goodput: number;
  readonly goodputByCpu: number;
  /** Of all calls. Four of five, were nobody turned away before he has waited for long. */
  readonly mostOpen: number;
}

const callOf = (id: number) => toolCall(id, { text: MARK });

const isGood = ({ goodput, mostOpen }: Round) => goodput >= 0.8 && mostOpen < 2 / 3;

test("three times the capacity leaves four fifths of it, and no memory", async () => {
  const folder = await mkdtemp(join(tmpdir(), "impedance-goodput-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const module = await writeBusyGuard(folder, GUARD);
  const upstream = cleanUp.use(
    await startUpstream(async (exchange) => {
      const { id } = JSON.parse((await exchange.request.whole).toString());
      exchange.json(toolResult(id, `answer ${id}`));
    }),
  );
  // Of a machine that has other things to do, deadlines are not what is asked about here.
  const patience =
    "limits: { verdict_deadline_ms: 30000, guard_budget_ms: 30000, policy_budget_ms: 30000 }";
  const config = `plugins: [{ module: ${module} }]\n${patience}`;
  const service = cleanUp.use(await startServe({ config }));
  const upstreams = [{ id: "files", url: upstream.url }];
  const gateway = cleanUp.use(
    await startGateway({ upstreams, service, concurrency: 1, override: withPatience }),
  );
  await closedLoop(gateway, service.pid);

  const rounds: Round[] = [];
  let before = await closedLoop(gateway, service.pid);
  while (rounds.length < ROUNDS && !rounds.some(isGood)) {
    forgetPeak(service.pid);
    const rss = factsOf(service.pid)?.rssKib ?? Number.NaN;
    const cpu = cpuUsOf(service.pid);
    const flooded = await flood(gateway, TIMES * before.perSecond);
    const used = cpuUsOf(service.pid) - cpu;
    const peak = factsOf(service.pid)?.peakKib ?? Number.NaN;
    const after = await closedLoop(gateway, service.pid);
    const capacity = (before.perSecond + after.perSecond) / 2;
    const perCpuUs = (before.perCpuUs + after.perCpuUs) / 2;
    before = after;
    const { good, shed, mostOpen } = flooded;
    const round = {
      goodput: good / flooded.seconds / capacity,
      goodputByCpu: good / used / perCpuUs,
      mostOpen: mostOpen / (good + shed),
    };
    rounds.push(round);
    console.log(
      `capacity ${Math.round(capacity)} calls/s; flooded: ${good} served, ${shed} shed, at most ` +
        `${mostOpen} open, memory ${rss} to ${peak} KiB: goodput ${round.goodput.toFixed(2)} of ` +
        `capacity, ${round.goodputByCpu.toFixed(2)} for a second of CPU time`,
    );
    expect(flooded.others).toEqual([]);
    expect(shed).toBeGreaterThan(0);
    expect(peak - rss).toBeLessThan(GROWTH_MAX_KIB);
  }
  // On a machine that does other things meanwhile, only what CPU time it had is the service's own.
  expect(Math.max(...rounds.map(({ goodputByCpu }) => goodputByCpu))).toBeGreaterThanOrEqual(0.8);
}, 180_000);

/** Calls that go through in a second, each caller one after the other. */
async function closedLoop(gateway: Gateway, pid: number) {
  using caller = openCaller(gateway, SESSIONS);
  let begun = 0;
  const cpu = cpuUsOf(pid);
  const started = performance.now();
  const callOn = async (): Promise<void> => {
    while (begun < CAPACITY_CALLS) {
      begun += 1;
      const { status } = await caller.post(callOf(begun));
      expect(status).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, callOn));
  return {
    perSecond: CAPACITY_CALLS / ((performance.now() - started) / 1_000),
    perCpuUs: CAPACITY_CALLS / (cpuUsOf(pid) - cpu),
  };
}

/** So many calls a second, whatever becomes of those before. */
async function flood(gateway: Gateway, perSecond: number): Promise<Outcome> {
  using caller = openCaller(gateway, SESSIONS);
  const answers: Promise<void>[] = [];
  const outcome = { good: 0, shed: 0, others: [] as string[], mostOpen: 0 };
  let open = 0;
  const send = async (id: number): Promise<void> => {
    open += 1;
    outcome.mostOpen = Math.max(outcome.mostOpen, open);
    const { status, body } = await caller.post(callOf(id));
    open -= 1;
    // Answers are padded.
    const isRight = body.trimEnd() === JSON.stringify(toolResult(id, `answer ${id}`));
    if (status === 200 && isRight) outcome.good += 1;
    else if (status === 503) outcome.shed += 1;
    else outcome.others.push(`${status} ${body}`);
  };
  const started = performance.now();
  for (let at = 0; at < FLOOD_SECONDS * 1_000; at = performance.now() - started) {
    while (answers.length < (at / 1_000) * perSecond) answers.push(send(answers.length));
    await delay(EVERY_MS);
  }
  await Promise.all(answers);
  return { ...outcome, seconds: (performance.now() - started) / 1_000 };
}

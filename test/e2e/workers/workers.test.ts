/** Several workers behind one Envoy: restarted, killed and hung while calls go on. */

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openCall } from "../../support/client.ts";
import { canary, endingOf, toolCall } from "../../support/faulty-firewall.ts";
import { freePorts, type Gateway, startGateway } from "../../support/gateway.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";
import { echo, startLoad } from "./load.ts";

const CALLERS = 8;
const SLOW = 120_000;
/** What makes the plugin of these tests loop for ever. */
const HANGS = "please-hang-now";

const PLUGIN = `export const createGuard = () => ({ name: "hangs", request({ text }) {
  while (text.includes(${JSON.stringify(HANGS)}));
  return [];
} });`;

let folder: string;
let upstream: Upstream;
let service: ServeProcess | null = null;
let gateway: Gateway | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-workers-"));
  await writeFile(join(folder, "hangs.mjs"), PLUGIN);
  upstream = await startUpstream(async (exchange) =>
    exchange.json(echo((await exchange.request.whole).toString())),
  );
});

afterEach(async () => {
  await gateway?.stop();
  await service?.stop();
  gateway = null;
  service = null;
});

afterAll(async () => {
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startServe>[0] = {}) {
  service = await startServe({ workers: 2, ...options });
  gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service: service.places,
    concurrency: 2,
  });
  return { service, gateway };
}

const codes = ({ log }: ServeProcess): string[] =>
  log.flatMap((line) => /"code":"(\w+)"/.exec(line)?.slice(1) ?? []);

const told = (running: ServeProcess, code: string, times = 1) =>
  waitFor(
    `${code} ${times} times`,
    () => codes(running).filter((one) => one === code).length >= times,
    30_000,
  );

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

const metric = async ({ adminPort }: ServeProcess, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
};

describe.each([
  { title: "ports", place: async () => ({ port: await freePorts(2) }) },
  { title: "Unix sockets", place: async () => ({ socket: join(folder, "x.sock") }) },
])("a restart of two workers at $title", ({ place }) => {
  test(
    "fails no call of many that go on meanwhile",
    async () => {
      const running = await start(await place());
      const load = startLoad(running.gateway, CALLERS);
      await waitFor("calls", () => load.calls > 200, 20_000);
      running.service.kill("SIGHUP");
      await told(running.service, "workers_restarted");
      running.service.kill("SIGHUP");
      await told(running.service, "workers_restarted", 2);
      const before = load.calls;
      await waitFor("more calls", () => load.calls > before + 200, 20_000);
      await load.stop();
      console.log(
        `restart under load: ${load.calls} calls, ${load.failures.length} failures, slowest ${Math.round(load.slowestMs)} ms`,
      );
      expect(load.failures).toEqual([]);
      expect(load.wrong).toBe(0);
      // What the workers that are gone have counted is counted still.
      expect(await metric(running.service, "mcp_invocations_total")).toBeGreaterThanOrEqual(
        load.calls,
      );
      running.service.kill("SIGTERM");
      expect(await within("the exit", running.service.exited, 20_000)).toMatchObject({ code: 0 });
    },
    SLOW,
  );
});

test(
  "a worker that is killed fails its own calls only, closed, and is replaced",
  async () => {
    const running = await start({ port: await freePorts(2) });
    const load = startLoad(running.gateway, CALLERS);
    await waitFor("calls", () => load.calls > 200, 20_000);
    const [first = 0] = await childrenOf(running.service.pid);
    process.kill(first, "SIGKILL");
    await told(running.service, "worker_replaced");
    const before = load.calls;
    const failures = load.failures.length;
    await waitFor("more calls", () => load.calls > before + 200, 20_000);
    await load.stop();
    console.log(`kill -9 under load: ${load.calls} calls, ${failures} failures`);
    expect(load.failures.every((one) => one.startsWith("503"))).toBe(true);
    expect(load.wrong).toBe(0);
    expect(load.failures.length - failures).toBeLessThanOrEqual(CALLERS);
    expect(await metric(running.service, "impedance_worker_ends_total")).toBe(1);
  },
  SLOW,
);

test(
  "a worker that hangs is ended from outside and replaced; its call fails closed",
  async () => {
    const config = `plugins: [{ module: ${join(folder, "hangs.mjs")} }]\nworkers: { hang_deadline_ms: 1000 }`;
    const running = await start({ port: await freePorts(2), config });
    const body = toolCall(HANGS);
    const began = performance.now();
    const ending = await endingOf(openCall(running.gateway, { path: "/mcp", body }), 10_000);
    console.log(
      `hung: answered with ${ending.status} after ${Math.round(performance.now() - began)} ms`,
    );
    expect(ending.status).toBe(503);
    expect(upstream.seen().includes(HANGS)).toBe(false);
    await told(running.service, "worker_hung");
    await told(running.service, "worker_replaced");
    const text = canary();
    const after = await endingOf(openCall(running.gateway, { path: "/mcp", body: toolCall(text) }));
    expect(after.received).toContain(text);
  },
  SLOW,
);

test(
  "each worker writes a log of its own, and log verify holds all of them together",
  async () => {
    const logs = await mkdtemp(join(folder, "logs-"));
    const config = `audit: { sink: file, file: ${join(logs, "decisions.jsonl")} }`;
    const running = await start({ port: await freePorts(2), config });
    const load = startLoad(running.gateway, CALLERS);
    await waitFor("calls", () => load.calls > 100, 20_000);
    running.service.kill("SIGHUP");
    await told(running.service, "workers_restarted");
    await load.stop();
    running.service.kill("SIGTERM");
    expect(await within("the exit", running.service.exited, 20_000)).toMatchObject({ code: 0 });
    expect((await readdir(logs)).filter((name) => name.endsWith(".jsonl"))).toEqual([
      "decisions.w0.jsonl",
      "decisions.w1.jsonl",
      "decisions.w2.jsonl",
    ]);
    const verified = await impedance(["log", "verify", logs, "--format", "json"]);
    const found = JSON.parse(verified.stdout) as { ok: boolean; lanes: { decisions: number }[] };
    expect(found.ok).toBe(true);
    const decisions = found.lanes.reduce((sum, lane) => sum + lane.decisions, 0);
    expect(decisions).toBeGreaterThanOrEqual(load.calls);
  },
  SLOW,
);

test(
  "workers end with their supervisor",
  async () => {
    const running = await start({ port: await freePorts(2) });
    const workers = await childrenOf(running.service.pid);
    expect(workers).toHaveLength(2);
    running.service.kill("SIGKILL");
    await waitFor(
      "their end",
      async () => {
        const alive = await Promise.all(
          workers.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => " Z ")),
        );
        return alive.every((stat) => stat.includes(" Z "));
      },
      10_000,
    );
  },
  SLOW,
);

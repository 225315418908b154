/** Several workers behind one Envoy: restarted, killed and hung while calls go on. */

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openCall } from "../../support/client.ts";
import { withLastingConnections, withoutRetries } from "../../support/envoys.ts";
import { canary, endingOf, toolCall } from "../../support/faulty-firewall.ts";
import { freePorts, type Gateway, startGateway } from "../../support/gateway.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";
import { echo, startLoad } from "./load.ts";

const CALLERS = 8;
const SLOW = 120_000;
const REFUSED = expect.stringContaining("remote_refused_stream_reset");
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

type Override = NonNullable<Parameters<typeof startGateway>[0]["override"]>;

async function start(
  options: Parameters<typeof startServe>[0] = {},
  override: Override = asShipped,
) {
  service = await startServe({ workers: 2, ...options });
  gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service: service.places,
    concurrency: 2,
    override,
  });
  return { service, gateway };
}

function asShipped(): void {}

const codes = ({ log }: ServeProcess): string[] =>
  log.flatMap((line) => /"code":"(\w+)"/.exec(line)?.slice(1) ?? []);

const told = (running: ServeProcess, code: string, times = 1) =>
  waitFor(
    `${code} ${times} times`,
    () => codes(running).filter((one) => one === code).length >= times,
    60_000,
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

/** Each cure by itself: with both of them neither could be seen to fail. */
describe.each([
  {
    title: "at ports, by connections that end by themselves",
    place: async () => ({ port: await freePorts(2) }),
    override: withoutRetries,
  },
  {
    title: "at Unix sockets, by connections that end by themselves",
    place: async () => ({ socket: join(folder, "x.sock") }),
    override: withoutRetries,
  },
  {
    title: "at ports, by a second attempt of what a worker that leaves refuses",
    place: async () => ({ port: await freePorts(2) }),
    override: withLastingConnections,
  },
])("a restart of two workers $title", ({ title, place, override }) => {
  test(
    "fails no call of many that go on meanwhile",
    async () => {
      const running = await start(await place(), override);
      const load = startLoad(running.gateway, CALLERS);
      await waitFor("calls", () => load.calls > 200);
      running.service.kill("SIGHUP");
      await told(running.service, "workers_restarted");
      const before = load.calls;
      await waitFor("more calls", () => load.calls > before + 200);
      await load.stop();
      const slowest = Math.round(load.slowestMs);
      console.log(
        `${title}: ${load.calls} calls, ${load.failures.length} failures, slowest ${slowest} ms`,
      );
      const lines = await running.gateway.accessLog(load.calls);
      expect(lines.flatMap(({ status, details }) => (status === 200 ? [] : [details]))).toEqual([]);
      expect(load.failures).toEqual([]);
      expect(load.wrong).toBe(0);
      const sentAway = await running.gateway.stat("cluster.impedance.upstream_cx_close_notify");
      expect(Number(sentAway) > 0).toBe(override === withLastingConnections);
      // What the workers that are gone have counted is counted still.
      expect(await metric(running.service, "mcp_invocations_total")).toBeGreaterThanOrEqual(
        load.calls,
      );
      running.service.kill("SIGTERM");
      expect(await within("the exit", running.service.exited)).toMatchObject({ code: 0 });
    },
    SLOW,
  );
});

test(
  "a proxy that keeps its connections and tries once is refused at once, and no call hangs",
  async () => {
    const running = await start({ port: await freePorts(2) }, (bootstrap) => {
      withoutRetries(bootstrap);
      withLastingConnections(bootstrap);
    });
    const load = startLoad(running.gateway, CALLERS);
    await waitFor("calls", () => load.calls > 200);
    running.service.kill("SIGHUP");
    await told(running.service, "workers_restarted");
    await load.stop();
    const lines = await running.gateway.accessLog(load.calls);
    const failed = lines.filter(({ status }) => status !== 200);
    expect(failed.length).toBeLessThanOrEqual(2 * CALLERS);
    for (const line of failed) expect(line).toMatchObject({ status: 503, details: REFUSED });
    expect(load.wrong).toBe(0);
  },
  SLOW,
);

test(
  "a worker that is killed fails the calls that it has, closed, and no other",
  async () => {
    const running = await start({ port: await freePorts(2) });
    const load = startLoad(running.gateway, CALLERS);
    await waitFor("calls", () => load.calls > 200);
    for (let kills = 1; kills <= 3; kills += 1) {
      const failures = load.failures.length;
      const [first = 0] = await childrenOf(running.service.pid);
      process.kill(first, "SIGKILL");
      await told(running.service, "worker_replaced", kills);
      const before = load.calls;
      await waitFor("more calls", () => load.calls > before + 500);
      const failed = load.failures.length - failures;
      console.log(`kill -9 under load: ${failed} failures of ${CALLERS} callers`);
      expect(failed).toBeLessThanOrEqual(CALLERS);
      // Envoy leaves the place out for a while (outlier_detection): with the other one gone meanwhile
      // there would be nobody.
      const healthy = () => running.gateway.stat("cluster.impedance.membership_healthy");
      await waitFor("both workers to have calls", async () => (await healthy()) === 2);
    }
    await load.stop();
    expect(load.failures.every((one) => one.startsWith("503"))).toBe(true);
    expect(load.wrong).toBe(0);
    expect(await metric(running.service, "impedance_worker_ends_total")).toBe(3);
  },
  SLOW,
);

test(
  "a worker that is killed while it has no call fails none",
  async () => {
    const running = await start({ port: await freePorts(2) });
    const callOnce = async (text: string) =>
      (await endingOf(openCall(running.gateway, { path: "/mcp", body: toolCall(text) }))).status;
    const [first = 0] = await childrenOf(running.service.pid);
    for (let calls = 0; calls < 8; calls += 1) expect(await callOnce(canary())).toBe(200);
    process.kill(first, "SIGKILL");
    await told(running.service, "worker_died");
    // Of connections that had ended before, Envoy has nothing to see.
    const broken = () => running.gateway.stat("cluster.impedance.upstream_cx_destroy_remote");
    await waitFor("Envoy to see it", async () => (await broken()) > 0, 1_000).catch(() => null);
    const statuses: (number | null)[] = [];
    while (!codes(running.service).includes("worker_replaced") || statuses.length < 8) {
      statuses.push(await callOnce(canary()));
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
  },
  SLOW,
);

test(
  "a worker that hangs is ended from outside and replaced; its calls fail closed, and no other",
  async () => {
    const config = `plugins: [{ module: ${join(folder, "hangs.mjs")} }]\nworkers: { hang_deadline_ms: 1000 }`;
    const running = await start({ port: await freePorts(2), config });
    const load = startLoad(running.gateway, CALLERS);
    await waitFor("calls", () => load.calls > 200);
    const body = toolCall(HANGS);
    const began = performance.now();
    const ending = await endingOf(openCall(running.gateway, { path: "/mcp", body }), 10_000);
    const took = Math.round(performance.now() - began);
    console.log(`hung: answered with ${ending.status} after ${took} ms`);
    expect(ending.status).toBe(503);
    expect(upstream.seen().includes(HANGS)).toBe(false);
    await told(running.service, "worker_hung");
    await told(running.service, "worker_replaced");
    const before = load.calls;
    await waitFor("more calls", () => load.calls > before + 200);
    await load.stop();
    // Those that went to it while it hung, each of a caller that waited for it.
    expect(load.failures.length).toBeLessThanOrEqual(CALLERS);
    expect(load.failures.every((one) => one.startsWith("503"))).toBe(true);
    expect(load.wrong).toBe(0);
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
    await waitFor("calls", () => load.calls > 100);
    running.service.kill("SIGHUP");
    await told(running.service, "workers_restarted");
    await load.stop();
    running.service.kill("SIGTERM");
    expect(await within("the exit", running.service.exited)).toMatchObject({ code: 0 });
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
    await waitFor("their end", async () => {
      const alive = await Promise.all(
        workers.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => " Z ")),
      );
      return alive.every((stat) => stat.includes(" Z "));
    });
  },
  SLOW,
);

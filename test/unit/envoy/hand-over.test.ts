import { once } from "node:events";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { parse } from "yaml";

import { endAll, HealthCheckers, handOver, PEERS_LEAVE_MS } from "../../../src/envoy/hand-over.ts";

test.each(["bootstrap.yaml", "ext-authz.yaml"])("by %s Envoy leaves a worker in time", (name) => {
  const file = new URL(`../../../envoy/${name}`, import.meta.url);
  const { static_resources: resources } = parse(readFileSync(file, "utf8"));
  const cluster = resources.clusters.find((one: { name: string }) => one.name === "impedance");
  const [options] = Object.values<{ common_http_protocol_options: object }>(
    cluster.typed_extension_protocol_options,
  );
  const duration = Reflect.get(
    options?.common_http_protocol_options ?? {},
    "max_connection_duration",
  );
  const [, seconds] = /^(\d+)s$/.exec(duration) ?? [];
  // As long again, for a machine on which everybody is late.
  expect(Number(seconds) * 2_000).toBeLessThanOrEqual(PEERS_LEAVE_MS);
});

afterEach(() => vi.useRealTimers());

/** Milliseconds after which it was over; the peer does something once it has been sent away. */
async function timeOf(
  sentAway: (state: { peers: number; streams: number }) => void,
  healthCheckers = 0,
) {
  vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
  const state = { peers: 1, streams: 0 };
  const goAway = () => sentAway(state);
  const peers = {
    openConnections: () => state.peers,
    healthCheckers: () => healthCheckers,
    goAway,
  };
  const extProc = {
    get openStreams() {
      return state.streams;
    },
    endListening: () => undefined,
  };
  let endedAt: number | null = null;
  const began = performance.now();
  const over = handOver(peers, extProc, 30_000).then(() => {
    endedAt = performance.now() - began;
  });
  await vi.advanceTimersByTimeAsync(31_000);
  await over;
  return Number(endedAt) - PEERS_LEAVE_MS;
}

test("what a peer has opened before it heard that it is to go is waited for", async () => {
  const milliseconds = await timeOf((state) => {
    setTimeout(() => (state.streams = 1), 50);
    setTimeout(() => (state.streams = 0), 5_000);
  });
  expect(milliseconds).toBeGreaterThanOrEqual(5_000);
  expect(milliseconds).toBeLessThan(6_000);
});

test("a peer that hangs up is waited for no longer, and one that does not for a second", async () => {
  expect(await timeOf((state) => (state.peers = 0))).toBeLessThan(100);
  const milliseconds = await timeOf(() => undefined);
  expect(milliseconds).toBeGreaterThanOrEqual(1_000);
  expect(milliseconds).toBeLessThan(2_000);
});

test.each([
  { title: "what was said is on its way", sentAfterMs: 300, atLeast: 300, below: 400 },
  { title: "a second is over", sentAfterMs: 1e9, atLeast: 1_000, below: 1_100 },
])("the end waits until $title", async ({ sentAfterMs, atLeast, below }) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
  const began = performance.now();
  const server = {
    get isSent() {
      return performance.now() - began >= sentAfterMs;
    },
  };
  const over = endAll(server, { openStreams: 0, abortAll: () => undefined });
  const ended = over.then(() => performance.now() - began);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await ended).toBeGreaterThanOrEqual(atLeast);
  expect(await ended).toBeLessThan(below);
});

test("health checkers are sent away at once, and may hang up themselves", async () => {
  expect(await timeOf((state) => (state.peers = 0), 1)).toBeLessThan(100 - PEERS_LEAVE_MS);
  expect(await timeOf(() => undefined, 1)).toBeLessThan(2_000 - PEERS_LEAVE_MS);
});

test("a health checker is who asks for nothing else, for as long as its connection is open", async () => {
  const checkers = new HealthCheckers();
  const [checker, proxy] = [new PassThrough(), new PassThrough()];
  checkers.comesBy(checker, "health");
  checkers.comesBy(checker, "health");
  checkers.comesBy(proxy, "health");
  expect(checkers.open).toBe(2);
  checkers.comesBy(proxy, "calls");
  checkers.comesBy(proxy, "health");
  expect(checkers.open).toBe(1);
  await Promise.all([once(checker.destroy(), "close"), once(proxy.destroy(), "close")]);
  expect(checkers.open).toBe(0);
  expect(checker.listenerCount("close")).toBe(0);
});

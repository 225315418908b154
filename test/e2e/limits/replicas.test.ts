/** Two gateways, each with a service of its own, and one Redis between them. */

import { describe, expect, test } from "vitest";

import { call } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { REDIS_SERVER, startRedis } from "../../support/redis.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

interface Replica extends AsyncDisposable {
  readonly service: ServeProcess;
  readonly gateway: Gateway;
  /** A call's end: "passed", or the code that it was refused with. */
  ask(): Promise<string>;
}

async function startReplica(config: string, upstream: string): Promise<Replica> {
  const service = await startServe({ config });
  const gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream, path: "/mcp" }],
    service,
  });
  const ask = async (): Promise<string> => {
    const reply = await call(gateway, { path: "/mcp", body: toolCall(1) });
    const { error } = reply.json() as { error?: { data: { code: string } } };
    return error?.data.code ?? "passed";
  };
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await service.stop();
  };
  return { service, gateway, ask, [Symbol.asyncDispose]: stop };
}

/** Patient where a test counts to the call: a busy machine must not look like a Redis that is away. */
function configWith(url: string, onFailure: string, limit: string, deadlineMs = 100): string {
  return `state: { redis: { url: "${url}", on_failure: ${onFailure}, command_deadline_ms: ${deadlineMs} } }
limits: { verdict_deadline_ms: 10000 }
rate_limits: [{ name: shared, key: [principal], methods: [tools/call], ${limit} }]
`;
}

function said({ log }: ServeProcess, code: string): number {
  return log.filter((line) => line.includes(`"code":"${code}"`)).length;
}

describe.skipIf(REDIS_SERVER === null)(
  `replicas (${REDIS_SERVER ?? "skipped: there is no redis-server"})`,
  () => {
    test("share one limit, to the call, under load", async () => {
      await using redis = await startRedis();
      await using upstream = await startUpstream(({ json }) => json(toolResult(1, "ok")));
      const config = configWith(redis.url, "deny", "points: 1, seconds: 3600, burst: 25", 5_000);
      await using one = await startReplica(config, upstream.url);
      await using other = await startReplica(config, upstream.url);
      const asks = Array.from({ length: 80 }, (_, n) => (n % 2 === 0 ? one : other).ask());
      const ends = await Promise.all(asks);
      expect(ends.filter((end) => end === "passed")).toHaveLength(25);
      expect(ends.filter((end) => end === "rate_limited")).toHaveLength(55);
      expect(upstream.requests).toHaveLength(25);
    });

    test.each([
      { onFailure: "deny", away: "limits_unavailable" },
      { onFailure: "local", away: "passed" },
    ])(
      "go on as on_failure: $onFailure says while Redis is away in the middle of a load, and recover",
      async ({ onFailure, away }) => {
        await using redis = await startRedis();
        await using upstream = await startUpstream(({ json }) => json(toolResult(1, "ok")));
        const config = configWith(redis.url, onFailure, "per_minute: 1000000");
        await using replica = await startReplica(config, upstream.url);
        const { service } = replica;
        const ends: string[] = [];
        let isOver = false;
        const load = Array.from({ length: 4 }, async () => {
          while (!isOver) {
            ends.push(await replica.ask());
          }
        });
        await waitFor("calls", () => ends.length > 50);
        await redis.stop();
        await waitFor("the log", () => said(service, "redis_down") === 1);
        const before = ends.length;
        await waitFor("calls without Redis", () => ends.length > before + 50);
        expect(ends.at(-1)).toBe(away);
        const metrics = async () => (await fetch(`${adminOf(service)}/metrics`)).text();
        expect(await metrics()).toContain("impedance_redis_up 0");
        await redis.start();
        await waitFor("Redis again", () => said(service, "redis_up") === 2);
        await waitFor("calls again", () => ends.at(-1) === "passed");
        isOver = true;
        await Promise.all(load);
        expect(new Set(ends)).toEqual(new Set(["passed", away]));
        expect(await metrics()).toContain("impedance_redis_up 1");
        expect([said(service, "redis_down"), said(service, "redis_up")]).toEqual([1, 2]);
      },
    );
  },
);

function adminOf({ adminPort }: ServeProcess): string {
  return `http://127.0.0.1:${adminPort}`;
}

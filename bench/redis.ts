import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { endOf } from "./processes.ts";

/** A Redis of the benchmark's own. */
export interface RedisProcess {
  readonly pid: number;
  readonly url: string;
  /** How many commands clients have sent so far, without those within scripts. */
  commands(): Promise<number>;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;
const POLL_MS = 20;

/** Null where there is no redis-server, by IMPEDANCE_REDIS_SERVER or PATH. */
export async function startRedis(folder: string): Promise<RedisProcess | null> {
  await mkdir(folder, { recursive: true });
  const socket = join(folder, "redis.sock");
  const program = process.env.IMPEDANCE_REDIS_SERVER ?? "redis-server";
  const place = ["--port", "0", "--unixsocket", socket, "--dir", folder];
  const child = spawn(program, [...place, "--save", "", "--appendonly", "no"], { stdio: "ignore" });
  const failed = once(child, "error").then(
    () => true,
    () => true,
  );
  const isUp = await Promise.race([failed.then(() => false), isAnswering(socket)]);
  if (!isUp) return null;
  return {
    pid: child.pid ?? 0,
    url: `unix:${socket}`,
    commands: async () => scriptCalls(await ask(socket, "INFO commandstats")),
    stop: () => endOf(child),
  };
}

async function isAnswering(socket: string): Promise<boolean> {
  const end = performance.now() + START_DEADLINE_MS;
  while (performance.now() < end) {
    if ((await ask(socket, "PING").catch(() => "")).includes("PONG")) return true;
    await delay(POLL_MS);
  }
  return false;
}

/** What is asked of Redis is asked by script, so that each is one round trip. */
function scriptCalls(stats: string): number {
  const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)];
  return calls.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function ask(path: string, command: string): Promise<string> {
  const socket = connect({ path });
  try {
    socket.end(`${command}\r\nQUIT\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    socket.destroy();
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReceiverProcess, startReceiver } from "./receivers.ts";
import { findTool } from "./tool.ts";
import { waitFor } from "./wait.ts";

/** Null where there is none: then what needs it is skipped. */
export const REDIS_SERVER = findTool("redis-server", "IMPEDANCE_REDIS_SERVER");

/** A real Redis on a Unix socket of its own. */
export interface TestRedis extends AsyncDisposable {
  readonly socket: string;
  /** As `state.redis.url` has it. */
  readonly url: string;
  readonly pid: () => number;
  stop(): Promise<void>;
  /** Again, at the same place, and empty. */
  start(): Promise<void>;
}

export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  if (REDIS_SERVER === null) throw new Error("there is no redis-server");
  const program = REDIS_SERVER;
  const folder = await mkdtemp(join(tmpdir(), "impedance-redis-"));
  const socket = join(folder, "redis.sock");
  let server: ReceiverProcess | null = null;

  const start = async (): Promise<void> => {
    const place = ["--port", "0", "--unixsocket", socket, "--dir", folder];
    server = startReceiver(program, [...place, "--save", "", "--appendonly", "no", ...args]);
    await waitFor("Redis", () => answers(socket)).catch((error: unknown) => {
      throw new Error(server?.output(), { cause: error });
    });
  };
  const stop = async (): Promise<void> => {
    await server?.stop();
    server = null;
  };
  await start();
  return {
    socket,
    url: `unix:${socket}`,
    pid: () => server?.pid() ?? 0,
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      // Without leave to speak it is there all the same.
      resolve(/PONG|NOAUTH/.test(data.toString()));
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
  });
}

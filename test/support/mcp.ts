import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { ClientCapabilities } from "@modelcontextprotocol/sdk/types.js";

import { startStdioBridge } from "../../demo/stdio-bridge.ts";
import { freePort } from "./gateway.ts";
import { within } from "./wait.ts";

/** An MCP server that runs for a test. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** What it wrote to its outputs. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export interface SdkClientOptions {
  readonly capabilities?: ClientCapabilities;
  readonly headers?: { readonly [name: string]: string };
  /** Registers handlers of requests and notifications, before the handshake. */
  readonly prepare?: (client: Client) => void;
}

/** A connected client of the official SDK (1.x). */
export interface SdkClient extends AsyncDisposable {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  /** Closes the client; with `terminate` (default) it ends its session at the server, too. */
  close(terminate?: boolean): Promise<void>;
}

/** Connects an SDK client over streamable HTTP. */
export async function connectSdkClient(
  url: string,
  options: SdkClientOptions = {},
): Promise<SdkClient> {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...options.headers } },
  });
  const client = new Client(
    { name: "impedance-test", version: "1.0.0" },
    { capabilities: options.capabilities ?? {} },
  );
  options.prepare?.(client);
  // The SDK declares `sessionId` as optional in one place and as `undefined` in another.
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  const close = async (terminate = true): Promise<void> => {
    if (terminate) await transport.terminateSession().catch(() => undefined);
    await client.close();
  };
  return { client, transport, close, [Symbol.asyncDispose]: () => close() };
}

/** The official server-everything, streamable HTTP on a free port. */
export async function startEverything(): Promise<RunningServer> {
  const port = await freePort();
  const log: string[] = [];
  const child = spawn(process.execPath, [entryOf("server-everything"), "streamableHttp"], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    kill();
    await exited;
    process.off("exit", kill);
  };
  const ready = new Promise<void>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        log.push(line);
        if (line.includes("listening on port")) resolve();
      });
    }
    exited.then(() => reject(new Error(`server-everything ended: ${log.join("\n")}`)), reject);
  });
  try {
    await within("server-everything to listen", ready);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}/mcp`, log, stop, [Symbol.asyncDispose]: stop };
}

/** The official server-filesystem on `folders`, over the stdio bridge. */
export async function startFilesystem(...folders: readonly string[]): Promise<RunningServer> {
  const log: string[] = [];
  const { url, stop } = await startStdioBridge({
    command: process.execPath,
    args: [entryOf("server-filesystem"), ...folders],
    log: (line) => log.push(line),
  });
  return { url, log, stop, [Symbol.asyncDispose]: stop };
}

/** The script that `npx @modelcontextprotocol/NAME` would run. */
export function entryOf(name: "server-everything" | "server-filesystem"): string {
  const manifest = createRequire(import.meta.url).resolve(
    `@modelcontextprotocol/${name}/package.json`,
  );
  return join(dirname(manifest), "dist", "index.js");
}

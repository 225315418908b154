import { type ChildProcess, spawn } from "node:child_process";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";

import { gather } from "./watch/gather.ts";

/** One request, with its body unpacked. */
export interface ReceivedBatch {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The common name in the sender's certificate. */
  readonly client: string | null;
}

/** How the receiver answers; without an answer it keeps the sender waiting. */
export interface ReceiverAnswer {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

export interface HttpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly batches: readonly ReceivedBatch[];
  /** For the requests from now on. */
  answer: (batch: ReceivedBatch) => ReceiverAnswer | null;
}

const MAX_BATCHES = 10_000;

/** Takes gzip JSON posts, as OPA's decision log service and an OTLP collector do. */
export async function startHttpReceiver(
  tls: { readonly cert: string; readonly key: string } | null = null,
  port = 0,
): Promise<HttpReceiver> {
  const batches: ReceivedBatch[] = [];
  const serve = async (request: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = gunzipSync(Buffer.concat(chunks)).toString("utf8");
    const batch = {
      path: request.url ?? "",
      headers: request.headers,
      body,
      client: client(request),
    };
    gather("shipped", "a shipped batch", Buffer.from(body));
    if (batches.length < MAX_BATCHES) batches.push(batch);
    return receiver.answer(batch);
  };
  const listener = (request: IncomingMessage, response: import("node:http").ServerResponse) => {
    serve(request).then(
      (answer) => {
        if (answer === null) return;
        response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? "{}");
      },
      () => response.destroy(),
    );
  };
  const server =
    tls === null
      ? createHttpServer(listener)
      : createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener);
  const receiver: HttpReceiver = {
    url: `${tls === null ? "http" : "https"}://127.0.0.1:${await listening(server, port)}`,
    batches,
    answer: () => ({ status: 200 }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

function client({ socket }: IncomingMessage): string | null {
  if (!(socket instanceof TLSSocket)) return null;
  return socket.getPeerCertificate().subject?.CN?.toString() ?? null;
}

/** Resolves with the port. */
export function listening(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** A real receiver in a process of its own, gone with the `await using` that holds it. */
export interface ReceiverProcess extends AsyncDisposable {
  /** All that it said so far. */
  readonly output: () => string;
  readonly pid: () => number;
  stop(): Promise<void>;
}

export function startReceiver(program: string, args: readonly string[]): ReceiverProcess {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = exitOf(child);
  const killWithUs = (): boolean => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = setTimeout(killWithUs, 5_000);
    await exited;
    clearTimeout(late);
    process.off("exit", killWithUs);
  };
  const pid = () => child.pid ?? 0;
  return { output: () => output, pid, stop, [Symbol.asyncDispose]: stop };
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}

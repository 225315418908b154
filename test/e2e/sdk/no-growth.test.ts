import { type ClientHttp2Session, connect, constants } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Firewall } from "../../../src/core/exchange.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { collectGarbage } from "../../support/memory.ts";
import { JSON_HEADERS, toolCall } from "../../support/messages.ts";
import {
  type MisbehavingServer,
  type MisbehaviourName,
  misbehaviours,
  startMisbehavingServer,
} from "../../support/misbehaving.ts";
import { interpose, startTestService, type TestService } from "../../support/service.ts";
import { waitFor, whenSteady } from "../../support/wait.ts";

const EXCHANGES = 10_000;
const WARM_UP = 2_000;
const AT_ONCE = 100;
const SESSIONS = 4;
/** On a busy machine. */
/** Of a heap of some 60 MB; 10,000 exchanges that kept a kilobyte each would be 10 MB. */
const GROWTH_MAX_BYTES = 5_000_000;

let server: MisbehavingServer;
let service: TestService;
let gateway: Gateway;
let sessions: readonly ClientHttp2Session[];
/** Exchanges that were opened and not closed. */
let open = 0;
let exchanges: WeakRef<object>[] = [];

beforeAll(async () => {
  server = await startMisbehavingServer();
  service = await startTestService({
    limits: {
      responseHeadDeadlineMs: 400,
      responseBodyDeadlineMs: 400,
      sseSilenceDeadlineMs: 400,
    },
    firewall: counted,
    dependencies: (real) => ({ ...real, audit: { record: () => true, omit: () => true } }),
  });
  // On a busy machine a connection may take its time; that is no misbehaviour.
  const upstream = { id: "files", url: server.url, connectTimeoutMs: 30_000 };
  gateway = await startGateway({ upstreams: [upstream], service });
  const { host, port } = gateway;
  sessions = Array.from({ length: SESSIONS }, () => connect(`http://${host}:${port}`));
});

afterAll(async () => {
  for (const session of sessions) session.close();
  await gateway.stop();
  await service.stop();
  await server[Symbol.asyncDispose]();
});

function counted(real: Firewall): Firewall {
  return {
    open: (head) => {
      open += 1;
      const exchange = real.open(head);
      exchanges.push(new WeakRef(exchange));
      return interpose({ open: () => exchange }, () => ({
        close: () => {
          open -= 1;
          exchange.close();
        },
      })).open(head);
    },
  };
}

/** What the client gets of one call; it leaves in the middle of one that comes too late. */
function exchange(session: ClientHttp2Session, id: number, tool: MisbehaviourName) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve) => {
    const headers = { ":method": "POST", ":path": "/mcp", ...JSON_HEADERS };
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    let status = 0;
    stream.on("response", (fields) => {
      status = Number(fields[":status"]);
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => undefined);
    stream.on("close", () => resolve({ status, text: Buffer.concat(chunks).toString("utf8") }));
    stream.end(JSON.stringify(toolCall(id, {}, tool)));
    if (tool === "too_late") setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 20);
  });
}

/** Answers to this id: one and no more. */
function answersTo(id: number, text: string): number {
  return text.split(`"id":${id},`).length - 1;
}

/** Calls that did not get exactly one answer, by tool. */
async function run(count: number): Promise<ReadonlyMap<string, string>> {
  const tools = misbehaviours();
  const wrong = new Map<string, string>();
  let next = 0;
  const worker = async (session: ClientHttp2Session): Promise<void> => {
    for (let id = next++; id < count; id = next++) {
      const tool = tools[id % tools.length] ?? "well";
      const { status, text } = await exchange(session, id, tool);
      // Where the connection breaks, Envoy answers by itself, without an id.
      const isEnvoys = tool === "broken" && status >= 500;
      const isRight = isEnvoys || answersTo(id, text) === 1;
      if (tool !== "too_late" && !isRight) wrong.set(tool, `${id}: ${status} ${text}`);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, (_, index) => sessions[index % SESSIONS]);
  await Promise.all(workers.map((session) => session && worker(session)));
  await waitFor("every exchange to be given back", () => service.grpc.openStreams === 0);
  return wrong;
}

/** What is left when the garbage is gone; finalizers need a turn of the event loop. */
async function heapBytes(): Promise<number> {
  await whenSteady(
    "the heap",
    () => {
      collectGarbage();
      return Math.round(process.memoryUsage().heapUsed / 500_000);
    },
    300,
  );
  return process.memoryUsage().heapUsed;
}

test(`${EXCHANGES} calls of a server that misbehaves get one answer each, and leave nothing`, async () => {
  await run(WARM_UP);
  const before = await heapBytes();
  exchanges = [];

  const wrong = await run(EXCHANGES);
  expect(wrong).toEqual(new Map());
  expect(service.faults).toEqual([]);
  expect(open).toBe(0);
  await waitFor("Envoy to be done", async () => {
    const active = await gateway.stats(/upstream_rq_active$|downstream_rq_active$/);
    // The question itself is one.
    return [...active]
      .filter(([name]) => !name.includes("admin"))
      .every(([, count]) => count === 0);
  });
  const growth = (await heapBytes()) - before;
  // What a client gave up before it was read was never opened.
  expect(exchanges.length).toBeGreaterThan(0.95 * EXCHANGES);
  expect(exchanges.filter((each) => each.deref() !== undefined).length).toBeLessThan(10);
  expect(growth).toBeLessThan(GROWTH_MAX_BYTES);
}, 300_000);

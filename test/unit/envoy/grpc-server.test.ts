import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GRPC } from "../../../src/envoy/grpc-status.ts";
import { framed } from "../../support/framed.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import { within } from "../../support/wait.ts";

const CHECK = "/envoy.service.auth.v3.Authorization/Check";
const HEALTH = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";
const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
const EMPTY = framed([Buffer.alloc(0)]);
const NONSENSE = framed([Buffer.from("\xff\xff\xffnonsense", "latin1")]);
const COMPRESSED = Buffer.from([1, 0, 0, 0, 0]);

let service: TestService;
let client: ClientHttp2Session;
let isReady: () => boolean = () => true;

beforeAll(async () => {
  service = await startTestService({ ready: () => isReady() });
  client = connect(`http://127.0.0.1:${service.port}`);
});

afterEach(() => {
  isReady = () => true;
});

afterAll(async () => {
  client.destroy();
  await service[Symbol.asyncDispose]();
});

function open(path: string, body: Buffer | null, type = "application/grpc") {
  const headers = { ":method": "POST", ":path": path, "content-type": type };
  const stream = client.request(headers, { endStream: false });
  const told: unknown[] = [];
  let code: unknown = null;
  stream.on("error", () => undefined);
  stream.on("response", (head) => (code = head["grpc-status"] ?? `HTTP ${head[":status"]}`));
  stream.on("trailers", (trailers) => (code = trailers["grpc-status"]));
  stream.on("data", (chunk: Buffer) => told.push(chunk.toString("hex")));
  if (body !== null) stream.end(body);
  const ended = once(stream, "close").then(() => ({ code, told }));
  return { stream, ended: within("the end of the call", ended) };
}

test.each([
  { title: "a method that nobody serves", path: "/x/y", body: EMPTY, code: GRPC.UNIMPLEMENTED },
  { title: "a call without its message", path: HEALTH, body: Buffer.alloc(0), code: GRPC.INTERNAL },
  {
    title: "a call with two messages",
    path: CHECK,
    body: Buffer.concat([EMPTY, EMPTY]),
    code: GRPC.INTERNAL,
  },
  { title: "half a message", path: CHECK, body: EMPTY.subarray(0, 3), code: GRPC.INTERNAL },
  { title: "nonsense", path: CHECK, body: NONSENSE, code: GRPC.INTERNAL },
  { title: "nonsense about a stream", path: PROCESS, body: NONSENSE, code: GRPC.INTERNAL },
  { title: "a compressed message", path: CHECK, body: COMPRESSED, code: GRPC.UNIMPLEMENTED },
])("$title is answered with an error", async ({ path, body, code }) => {
  expect(await open(path, body).ended).toEqual({ code: String(code), told: [] });
});

test("what is no gRPC is refused as that", async () => {
  expect(await open(CHECK, EMPTY, "text/plain").ended).toEqual({ code: "HTTP 415", told: [] });
});

test("a bug in a handler fails its call, and the next one is answered", async () => {
  isReady = () => {
    throw new Error("a bug");
  };
  expect(await open(HEALTH, EMPTY).ended).toMatchObject({ code: String(GRPC.INTERNAL) });
  expect(service.faults).toEqual([{ code: "internal", error: new Error("a bug") }]);
  isReady = () => true;
  expect(await open(HEALTH, EMPTY).ended).toMatchObject({ code: "0", told: ["00000000020801"] });
});

test("who watches is told when it drains, and its end; who has gone is not", async () => {
  const other = await startTestService({});
  const own = client;
  client = connect(`http://127.0.0.1:${other.port}`);
  try {
    const gone = open(WATCH, EMPTY);
    const stays = open(WATCH, EMPTY);
    await Promise.all([once(gone.stream, "data"), once(stays.stream, "data")]);
    gone.stream.close();
    await gone.ended;
    await other.grpc.drain(1_000);
    other.grpc.close();
    expect(await stays.ended).toEqual({
      code: String(GRPC.UNAVAILABLE),
      told: ["00000000020801", "00000000020802"],
    });
  } finally {
    client.destroy();
    client = own;
  }
});

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuthRecord } from "../../../src/audit/records.ts";
import type { Service } from "../../../src/server/service.ts";
import { type Badge, type Badges, badge, createBadges } from "../../support/badges.ts";
import { openStream, type Target } from "../../support/client.ts";
import { checkRecord } from "../../support/decision-event.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { connectSdkClient } from "../../support/mcp.ts";
import { progress, toolCall, toolResult } from "../../support/messages.ts";
import { startReloadingService } from "../../support/reloading-service.ts";
import { startTestService, type TestService } from "../../support/service.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamExchange,
  type UpstreamStream,
} from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

/** Answers the handshake, and leaves every other request open as a stream. */
class SlowServer {
  readonly streams: UpstreamStream[] = [];

  readonly answer = async (exchange: UpstreamExchange): Promise<void> => {
    const { request, reply, json } = exchange;
    if (request.method === "DELETE") return reply(200);
    const message = request.method === "GET" ? {} : JSON.parse(String(await request.whole));
    if (message.method === "initialize") return json(initialized(message.id), SESSION);
    if (message.method !== undefined && message.id === undefined) return reply(202);
    const stream = exchange.sse();
    this.streams.push(stream);
    await stream.send(progress(1));
  };
}

const SESSION = { headers: { "mcp-session-id": "s-1" } };

function initialized(id: number) {
  const result = {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "slow", version: "1" },
  };
  return { jsonrpc: "2.0", id, result };
}

const HEADERS = { accept: "text/event-stream", "mcp-protocol-version": "2025-11-25" };

function codeIn(event: { json(): unknown }): unknown {
  const { error } = event.json() as { error?: { data?: { code?: unknown } } };
  return error?.data?.code;
}

describe("a stream that is open", () => {
  let server: SlowServer;
  let upstream: Upstream;
  let badges: Badges;
  let service: TestService;
  let gateway: Gateway;
  let target: Target;

  beforeAll(async () => {
    upstream = await startUpstream((exchange) => server.answer(exchange));
    badges = createBadges();
    service = await startTestService({
      dependencies: (real) => ({ ...real, identity: badges }),
    });
    gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
    target = { host: gateway.host, port: gateway.port };
  });

  beforeEach(() => {
    server = new SlowServer();
    service.clear();
  });

  afterAll(async () => {
    expect(service.faults).toEqual([]);
    await gateway.stop();
    await service.stop();
    await upstream.stop();
  });

  function listen(shown: Badge, more: { readonly [name: string]: string } = {}) {
    const headers = { ...HEADERS, ...badge(shown), ...more };
    return openStream(target, { path: "/mcp", headers });
  }

  const ended = () =>
    service.happened.filter(({ event }) => event === "stream_ended").map(({ details }) => details);

  test("for a client to listen on ends when its token expires, and says so", async () => {
    const stream = await listen({ id: "ana", expiresAtMs: Date.now() + 500 });
    const lasting = await listen({ id: "ana", expiresAtMs: Date.now() + 3_600_000 });
    await Promise.all([stream.events.next(), lasting.events.next()]);
    expect(codeIn(await stream.events.next())).toBe("credential_expired");
    expect(await stream.ended).toBe("complete");
    expect(ended()).toEqual([{ cause: "credential_expired" }]);
    // Its twin goes on.
    await server.streams[1]?.send(progress(2));
    expect((await lasting.events.next()).json()).toEqual(progress(2));
    lasting.abort();
  });

  test("in answer to a call of an SDK client is an error for it when its token is revoked", async () => {
    await using session = await connectSdkClient(gateway.url("/mcp"), {
      headers: badge({ id: "ana", jti: "t-1" }),
    });
    const steps: unknown[] = [];
    const call = session.client.callTool({ name: "slow", arguments: {} }, undefined, {
      onprogress: (step) => steps.push(step),
    });
    const refused = expect(call).rejects.toMatchObject({
      data: { code: "credential_revoked" },
    });
    await service.decision(({ input }) => JSON.stringify(input).includes("notifications/progress"));
    badges.revoke("t-1");
    service.grpc.judgeAgain();
    await refused;
    expect(ended()).toContainEqual({ cause: "credential_revoked" });
  });

  test("ends with the session that it is open in", async () => {
    const first = await listen({ id: "ana" }, { "mcp-session-id": "s-9" });
    const other = await listen({ id: "bo" }, { "mcp-session-id": "s-8" });
    await Promise.all([first.events.next(), other.events.next()]);
    const thief = await openStream(target, {
      path: "/mcp",
      headers: { ...HEADERS, ...badge({ id: "bo" }), "mcp-session-id": "s-9" },
    });
    expect(thief.status).toBe(404);
    expect(codeIn(await first.events.next())).toBe("session_ended");
    await server.streams[1]?.send(progress(2));
    expect((await other.events.next()).json()).toEqual(progress(2));
    other.abort();
  });

  test("of which nothing has come yet ends all the same", async () => {
    const silent = new SlowServer();
    server = Object.assign(silent, {
      answer: async (exchange: UpstreamExchange) => {
        silent.streams.push(exchange.sse());
      },
    });
    const stream = await listen({ id: "ana", jti: "t-2" });
    badges.revoke("t-2");
    service.grpc.judgeAgain();
    // Before the first event Envoy takes none from us: it breaks off.
    expect(await stream.ended).toBe("broken");
    expect(ended()).toEqual([{ cause: "credential_revoked" }]);
  });
});

describe("when the policy changes", () => {
  const policy = (denied: string) => `policy_id: p\nversion: "1.0"\ndefault: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: ${denied}, reason: Not any more }]\n`;

  let folder: string;
  let file: string;
  let service: Service;
  const happened: AuthRecord[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "impedance-streams-"));
    file = join(folder, "policy.yaml");
    await writeFile(file, policy("nothing"));
    service = await serve(file, happened);
  });

  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  test("each open stream is judged again: what is denied now ends, what is not goes on", async () => {
    const server = new SlowServer();
    await using upstream = await startUpstream((exchange) => server.answer(exchange));
    await using gateway = await startGateway({
      upstreams: [{ id: "files", url: upstream.url }],
      service: { port: service.grpcPort },
    });
    const target = { host: gateway.host, port: gateway.port };
    const open = (tool: string, args = {}) =>
      openStream(target, { path: "/mcp", body: toolCall(1, args, tool) });
    const streams = await Promise.all([
      open("work"),
      open("work", { text: "x".repeat(20_000) }),
      open("rest"),
    ]);
    const [denied, large, allowed] = streams;
    await Promise.all(streams.map(({ events }) => events.next()));
    await using session = await connectSdkClient(gateway.url("/mcp"));
    const call = session.client.callTool({ name: "work", arguments: {} });
    const refused = expect(call).rejects.toMatchObject({ data: { code: "policy_denied" } });
    await waitFor("the client's call to be open", () => server.streams.length >= 4);

    await writeFile(`${file}.new`, policy("work"));
    await rename(`${file}.new`, file);
    await refused;
    const [told, unjudged] = await Promise.all([denied?.events.next(), large?.events.next()]);
    expect(told?.json()).toMatchObject({ id: 1, error: { data: { code: "policy_denied" } } });
    expect(unjudged?.json()).toMatchObject({ id: 1, error: { data: { code: "policy_changed" } } });
    expect(await denied?.ended).toBe("complete");
    for (const stream of server.streams) await stream.send(toolResult(1, "done"));
    expect((await allowed?.events.next())?.json()).toEqual(toolResult(1, "done"));
    const causes = happened.filter(({ event }) => event === "stream_ended");
    expect(causes.map(({ details }) => details.cause)).toEqual(Array(3).fill("policy_changed"));
  });
});

/** With the account of who came in a list. */
function serve(file: string, happened: AuthRecord[]): Promise<Service> {
  return startReloadingService(file, {
    account: (record) => {
      checkRecord(record);
      return happened.push(record) > 0;
    },
  });
}

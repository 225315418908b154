import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { badge, createBadges } from "../../support/badges.ts";
import { call, type Target } from "../../support/client.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { connectSdkClient, type RunningServer, startEverything } from "../../support/mcp.ts";
import { toolCall } from "../../support/messages.ts";
import { startTestService, type TestService } from "../../support/service.ts";

let everything: RunningServer;
let service: TestService;
let gateway: Gateway;
let target: Target;

beforeAll(async () => {
  everything = await startEverything();
  const identity = createBadges();
  service = await startTestService({
    dependencies: (real) => ({ ...real, identity }),
    sessions: { perPrincipalMax: 2 },
  });
  gateway = await startGateway({ upstreams: [{ id: "everything", url: everything.url }], service });
  target = { host: gateway.host, port: gateway.port };
});

beforeEach(() => {
  service.clear();
});

afterAll(async () => {
  expect(service.faults).toEqual([]);
  await gateway.stop();
  await service.stop();
  await everything.stop();
});

const ANA = badge({ id: "ana" });
const BO = badge({ id: "bo" });

const connect = (headers: { readonly [name: string]: string }) =>
  connectSdkClient(gateway.url("/mcp"), { headers });

function echo(session: string, who: { readonly "x-test-badge": string }) {
  const headers = { ...who, "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
  const body = toolCall(1, { message: "hi" }, "echo");
  return call(target, { path: "/mcp", headers, body });
}

/** What may happen to a session that is over. */
const AFTERWARDS = new Set(["session_refused session_unknown", "stream_ended session_ended"]);

function told(): string[] {
  return service.happened.map(({ event, details }) =>
    [event, details.origin, details.cause, details.code].filter(Boolean).join(" "),
  );
}

describe("a session of an SDK client", () => {
  test("belongs to who opened it, from initialize to DELETE", async () => {
    const session = await connect(ANA);
    expect(await session.client.callTool({ name: "echo", arguments: { message: "a" } })).toEqual({
      content: [{ type: "text", text: "Echo: a" }],
    });
    const id = session.transport.sessionId ?? "";
    await session.close();
    expect(told()).toEqual(["session_opened initialize", "session_ended deleted"]);
    // The server is not asked: it is over here.
    const late = await echo(id, ANA);
    expect(late.status).toBe(404);
    expect(late.json()).toMatchObject({ error: { data: { code: "session_unknown" } } });
  });

  test("is over for both once another identity comes with it", async () => {
    await using session = await connect(ANA);
    const id = session.transport.sessionId ?? "";
    const stolen = await echo(id, BO);
    expect(stolen.status).toBe(404);
    expect(stolen.json()).toMatchObject({ error: { data: { code: "session_unknown" } } });
    await expect(session.client.ping()).rejects.toMatchObject({ code: 404 });
    const [opened, stolenFrom, ended, ...afterwards] = told();
    expect([opened, stolenFrom, ended]).toEqual([
      "session_opened initialize",
      "session_foreign",
      "session_ended foreign",
    ]);
    expect(afterwards).toContain("session_refused session_unknown");
    // The client listens, too: its stream ends when streams are looked at next, maybe by now.
    expect(afterwards.filter((line) => !AFTERWARDS.has(line))).toEqual([]);
    const [foreign] = service.decisions.filter(({ result }) =>
      result.reasons.some(({ code }) => code === "session_foreign"),
    );
    expect(foreign).toMatchObject({ result: { allow: false } });
    // The protocol's way on: a client that is told 404 begins anew.
    await using again = await connect(ANA);
    await again.client.ping();
  });

  test("ends with one too many of its principal, the one used least recently", async () => {
    await using first = await connect(ANA);
    await using second = await connect(ANA);
    await first.client.ping();
    await using third = await connect(ANA);
    await using other = await connect(BO);
    await Promise.all([first.client.ping(), third.client.ping(), other.client.ping()]);
    await expect(second.client.ping()).rejects.toMatchObject({ code: 404 });
    expect(told()).toContain("session_ended principal_full");
  });

  test("is bound to its first visitor where nobody knows it, as after a restart", async () => {
    await using session = await connect(ANA);
    const id = session.transport.sessionId ?? "";
    await using restarted = await startTestService({
      dependencies: (real) => ({ ...real, identity: createBadges() }),
    });
    await using other = await startGateway({
      upstreams: [{ id: "everything", url: everything.url }],
      service: restarted,
    });
    const at = { host: other.host, port: other.port };
    const headers = { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
    const come = (who: typeof ANA) =>
      call(at, {
        path: "/mcp",
        headers: { ...headers, ...who },
        body: toolCall(1, { message: "hi" }, "echo"),
      });
    expect((await come(ANA)).status).toBe(200);
    expect((await come(BO)).status).toBe(404);
    expect((await come(ANA)).status).toBe(404);
  });
});

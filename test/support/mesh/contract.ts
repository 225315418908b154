import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { impedance } from "../../e2e/cli/command.ts";
import { call, openStream, type Target } from "../client.ts";
import { type RunningServer, startEverything } from "../mcp.ts";
import { progress, REDACTED, SECRET, toolCall, toolResult } from "../messages.ts";
import { waitFor } from "../wait.ts";
import { type Mesh, startWorld, type World } from "./world.ts";

/**
 * What holds in every mesh, tested through a real Envoy that runs what the mesh's control plane would
 * send it: the filter reads all of it in both ways, and nothing passes without it.
 */
export function describeMesh(title: string, mesh: Mesh): void {
  describe(title, () => {
    describe("in front of a real MCP server", () => inFrontOfEverything(mesh));
    describe("in front of a server that records", () => inFrontOfRecorder(mesh));
  });
}

function inFrontOfEverything(mesh: Mesh): void {
  let everything: RunningServer;
  let world: World;

  beforeAll(async () => {
    everything = await startEverything();
    world = await startWorld(mesh, { serverPort: Number(new URL(everything.url).port) });
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await everything?.stop();
  });

  // It has no certificate of a mesh to show: there it runs in a pod that has a sidecar.
  test.skipIf(mesh.tls === "mutual")(
    "`impedance doctor` finds the filter in the path",
    async () => {
      const environment = { NODE_EXTRA_CA_CERTS: world.caFile };
      const args = ["doctor", "--url", world.url, "--format", "json"];
      const { stdout } = await impedance(args, "", environment);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    },
  );

  test("a call with a secret is answered, and the secret is in neither way", async () => {
    const headers = await openSession(world.target, mesh.path);
    const asked = { path: mesh.path, headers, body: toolCall(2, { message: `use ${SECRET}` }) };
    const reply = await call(world.target, asked);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain(`use ${REDACTED}`);
    expect(world.service.decisions.at(-1)?.input).toMatchObject({ server: { id: mesh.server } });
  });

  test("a tool that the policy denies is denied", async () => {
    const headers = await openSession(world.target, mesh.path);
    const reply = await call(world.target, {
      path: mesh.path,
      headers,
      body: toolCall(3, {}, "get-env"),
    });
    expect(reply.text).toContain("Unknown tool");
  });
}

function inFrontOfRecorder(mesh: Mesh): void {
  let world: World;

  beforeAll(async () => {
    world = await startWorld(mesh);
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  const send = (text: string) =>
    call(world.target, { path: mesh.path, body: toolCall(1, { text }) });

  test("the server sees a cleaned request of an exact length, and the client a cleaned answer", async () => {
    world.answer(async ({ request, json }) => {
      await request.whole;
      json(toolResult(1, `here: ${SECRET}`));
    });
    const reply = await send(`there: ${SECRET}`);
    const seen = world.upstream.requests.at(-1);
    expect(seen?.body().toString()).toContain(`there: ${REDACTED}`);
    expect(seen?.headers["content-length"]).toBe(String(seen?.body().length));
    expect(seen?.path).toBe(mesh.serverPath);
    expect(reply.text).toContain(`here: ${REDACTED}`);
    expect(reply.headers.get("content-length")).toBe(String(reply.body.length));
    expect(world.upstream.seen().includes(SECRET)).toBe(false);
  });

  test("a stream is read event by event", async () => {
    world.answer(async ({ request, sse }) => {
      await request.whole;
      const stream = sse();
      await stream.send(progress(1));
      await stream.send(toolResult(1, `end ${SECRET}`));
      stream.end();
    });
    const stream = await openStream(world.target, {
      path: mesh.path,
      body: toolCall(1, { text: "hello" }),
    });
    const reply = await stream.reply();
    expect(reply.text).toContain("step 1");
    expect(reply.text).toContain(`end ${REDACTED}`);
    expect(reply.text).not.toContain(SECRET);
  });

  test("what a client forges of the firewall's or of the proxy's reaches no server", async () => {
    world.answer(({ json }) => json(toolResult(1, "done")));
    const forged = {
      "x-zta-decision": "allow",
      x_zta_decision: "allow",
      "x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/x/sa/admin",
    };
    await call(world.target, { path: mesh.path, headers: forged, body: toolCall(1) });
    const headers = JSON.stringify(world.upstream.requests.at(-1)?.headers);
    expect(headers).not.toContain("allow");
    expect(headers).not.toContain("sa/admin");
  });

  test("a path that two servers would read as two reaches none", async () => {
    const before = world.upstream.requests.length;
    for (const path of [`${mesh.path}%2Fadmin`, `${mesh.path}%5C..%5Cadmin`]) {
      const reply = await call(world.target, { path, body: toolCall(1) });
      expect(reply.status).toBe(400);
    }
    expect(world.upstream.requests).toHaveLength(before);
  });

  test("a WebSocket is refused, at once or when its request does not come to an end", async () => {
    await using waiting = await startWorld(mesh, { limits: { requestBodyDeadlineMs: 500 } });
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const reply = await call(waiting.target, { path: mesh.path, headers });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(waiting.upstream.seen()).toHaveLength(0);
  });

  test("without Impedance nothing passes, whatever the method", async () => {
    await using alone = await startWorld(mesh);
    await alone.service.stop();
    for (const method of ["POST", "GET", "DELETE"]) {
      const body = method === "POST" ? { body: toolCall(1) } : {};
      const reply = await call(alone.target, { path: mesh.path, method, ...body });
      expect(reply.status).toBe(mesh.refusal.status);
      if (mesh.refusal.body) expect(reply.json()).toMatchObject(mesh.refusal.body);
    }
    expect(alone.upstream.seen()).toHaveLength(0);
  });

  // To Envoy an end with OK is "go on without me": Impedance makes an error of it, in any mesh.
  test.each(["request_headers", "request_body", "response_headers"] as const)(
    "a gRPC stream that would end at %s lets nothing pass",
    async (at) => {
      await using ending = await startWorld(mesh, { fault: { at, how: "ends" } });
      ending.answer(({ json }) => json(toolResult(1, "unread")));
      const reply = await call(ending.target, { path: mesh.path, body: toolCall(1) });
      expect(reply.status).toBe(mesh.refusal.status);
      expect(reply.text).not.toContain("unread");
      if (at !== "response_headers") expect(ending.upstream.seen()).toHaveLength(0);
    },
  );

  test("nothing went wrong on the way between them", async () => {
    await waitFor("the end of all exchanges", async () => {
      await world.service.idle();
      return true;
    });
    expect(world.service.faults).toEqual([]);
  });
}

/** A session of a client of 2025-11-25: the headers that it sends from then on. */
async function openSession(target: Target, path: string): Promise<{ [name: string]: string }> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "mesh-test", version: "1" },
  };
  const body = { jsonrpc: "2.0", id: 1, method: "initialize", params };
  const reply = await call(target, { path, body });
  const headers = {
    "mcp-protocol-version": "2025-11-25",
    "mcp-session-id": reply.headers.get("mcp-session-id") ?? "",
  };
  const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
  await call(target, { path, headers, body: initialized });
  return headers;
}

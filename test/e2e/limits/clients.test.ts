/** What real clients get to see of a limit, through Envoy and the service as it is run. */

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";

import { call } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { connectSdkClient } from "../../support/mcp.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startServe } from "../../support/serve-process.ts";
import { startShowcase1x } from "../../support/showcase-1x.ts";
import { startShowcase2x } from "../../support/showcase-2x.ts";
import { startUpstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

const POLICY = `
policy_id: limited
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
rate_limit: { enabled: true, limit_per_minute: 6, burst: 3, scope: actor }
`;

/** What a caller is told when it asks once more than it may. */
async function refusalOf(ask: () => Promise<unknown>): Promise<unknown> {
  for (let asked = 0; asked < 3; asked++) await ask();
  return ask().then(
    () => "passed",
    (error: unknown) => error,
  );
}

const OVER = {
  code: -31905,
  data: {
    code: "rate_limited",
    retry_after_ms: expect.any(Number),
    decision_id: expect.any(String),
  },
};

test("a client of the SDK 1.x reads how long to wait, and so does the metric", async () => {
  await using showcase = await startShowcase1x();
  await using service = await startServe({ policy: POLICY });
  await using gateway = await startGateway({
    upstreams: [{ id: "open", url: showcase.url, path: "/mcp" }],
    service,
  });
  await using session = await connectSdkClient(gateway.url("/mcp"));
  // The handshake and listings are no part of what a policy counts.
  for (let listed = 0; listed < 5; listed++) await session.client.listTools();
  const error = await refusalOf(() => session.client.callTool({ name: "gallery" }));
  expect(error).toMatchObject(OVER);
  const { retry_after_ms: wait } = (error as { data: { retry_after_ms: number } }).data;
  expect(wait).toBeGreaterThan(5_000);
  expect(wait).toBeLessThanOrEqual(10_000);
  const metrics = await fetch(`http://127.0.0.1:${service.adminPort}/metrics`);
  expect(await metrics.text()).toContain('impedance_limited_total{limit="policy/rate_limit"} 1');
});

test("a client of the SDK 2.x reads how long to wait", async () => {
  await using showcase = await startShowcase2x();
  await using service = await startServe({ policy: POLICY });
  await using gateway = await startGateway({
    upstreams: [{ id: "open", url: showcase.server.url, path: "/mcp" }],
    service,
  });
  const client = new Client(
    { name: "impedance-test", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url("/mcp"))));
  expect(await refusalOf(() => client.callTool({ name: "gallery" }))).toMatchObject(OVER);
  await client.close();
});

test("with denial: http it is 429 with Retry-After", async () => {
  await using upstream = await startUpstream(({ json }) => json(toolResult(1, "ok")));
  await using service = await startServe({ policy: POLICY, config: "denial: http\n" });
  await using gateway = await startGateway({
    upstreams: [{ id: "open", url: upstream.url, path: "/mcp" }],
    service,
  });
  const post = () => call(gateway, { path: "/mcp", body: toolCall(1) });
  for (let asked = 0; asked < 3; asked++) expect((await post()).status).toBe(200);
  const refused = await post();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(refused.json()).toMatchObject({ id: 1, error: OVER });
  expect(upstream.requests).toHaveLength(3);
});

test("calls at the same time are bounded, and one that breaks off makes room", async () => {
  await using upstream = await startUpstream(async ({ request, json }) => {
    const text = (await request.whole).toString();
    // The first ones stay open until their clients leave.
    if (text.includes('"last"')) json(toolResult(1, "ok"));
  });
  const config = "rate_limits: [{ name: busy, concurrency: 2, methods: [tools/call] }]\n";
  await using service = await startServe({ config });
  await using gateway = await startGateway({
    upstreams: [{ id: "open", url: upstream.url, path: "/mcp" }],
    service,
  });
  const leave = new AbortController();
  const open = [1, 2].map((id) =>
    fetch(gateway.url("/mcp"), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(toolCall(id)),
      signal: leave.signal,
    }).catch(() => "left"),
  );
  await waitFor("two calls", () => upstream.requests.length === 2);
  const last = () => call(gateway, { path: "/mcp", body: toolCall(1, { text: "last" }) });
  expect((await last()).json()).toMatchObject({ error: { data: { code: "rate_limited" } } });
  leave.abort();
  expect(await Promise.all(open)).toEqual(["left", "left"]);
  await waitFor("room", async () => "result" in ((await last()).json() as object));
});

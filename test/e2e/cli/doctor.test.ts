import { describe, expect, test } from "vitest";

import { freePort } from "../../support/gateway.ts";
import { startUpstream } from "../../support/upstream.ts";
import { impedance, startImpedance } from "./command.ts";

const CAPABILITIES = { protocolVersion: "2025-11-25", capabilities: {} };

/** A server that answers everything as an MCP server would answer `initialize`. */
function startServer() {
  return startUpstream(async ({ request, json, reply }) => {
    await request.whole;
    if (request.method === "DELETE") return reply(204);
    const result = { ...CAPABILITIES, serverInfo: { name: "s", version: "1" } };
    json({ jsonrpc: "2.0", id: 1, result }, { headers: { "mcp-session-id": "s-1" } });
  });
}

describe("impedance doctor", () => {
  test("finds the firewall in the path of up, both ways, and leaves no session behind", async () => {
    await using upstream = await startServer();
    await using command = startImpedance([
      ...["up", "--upstream", upstream.url, "--listen", "127.0.0.1:0"],
    ]);
    const url = await command.ready();
    const { code, stdout, stderr } = await impedance(["doctor", "--url", url.href]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, line.indexOf(":")))).toEqual([
      "ok    requests are read, first byte to last",
      "ok    requests are bounded",
      "ok    responses are read",
    ]);
    expect(upstream.requests.map(({ method }) => method)).toEqual(["POST", "DELETE"]);

    const inJson = await impedance(["doctor", "--url", url.href, "--format", "json"]);
    expect(inJson).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(inJson.stdout)).toMatchObject({
      ok: true,
      url: url.href,
      checks: [{ ok: true }, { ok: true }, { ok: true }],
    });
  });

  test("finds none before a server that is asked directly", async () => {
    await using upstream = await startServer();
    const { code, stdout } = await impedance(["doctor", "--url", upstream.url]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 4))).toEqual(["FAIL", "FAIL", "FAIL"]);
  });

  test.each([
    { status: 401, says: "show who you are with --token-file FILE" },
    { status: 503, says: "does Envoy reach Impedance?" },
    { status: 200, says: "is response_header_mode SEND?" },
  ])("says what to look at where all is answered $status", async ({ status, says }) => {
    await using upstream = await startUpstream(async ({ request, reply }) => {
      await request.whole;
      reply(status);
    });
    const { code, stdout } = await impedance(["doctor", "--url", upstream.url]);
    expect(code).toBe(1);
    const last = stdout.trimEnd().split("\n").at(-1);
    expect(last).toContain(`HTTP ${status}`);
    expect(last).toContain(says);
  });

  test("says that nobody answers", async () => {
    const url = `http://127.0.0.1:${await freePort()}/mcp`;
    const { code, stdout } = await impedance(["doctor", "--url", url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}reachable: no answer from [^\n]*\n$/);
    expect(stdout).toContain(url);
  });
});

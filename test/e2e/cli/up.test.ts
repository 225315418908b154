import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { AUTHORITY_FILE, ELSEWHERE, LOCALHOST } from "../../support/certificates.ts";
import { call } from "../../support/client.ts";
import { freePort } from "../../support/gateway.ts";
import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { startUpstream, type Upstream, type UpstreamOptions } from "../../support/upstream.ts";
import { waitFor, within } from "../../support/wait.ts";
import { impedance, isRunning, type RunningCommand, startImpedance } from "./command.ts";

const POLICY = 'policy_id: up\nversion: "1.0"\ndefault: deny\nallow_rules: [{ tool: "*" }]\n';
const ANY_PORT = ["--listen", "127.0.0.1:0"];
const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

let folder: string;
let policy: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-up-"));
  policy = join(folder, "policy.yaml");
  await writeFile(policy, POLICY);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A server that says back what it was told, in a result. */
function startEcho(options: UpstreamOptions = {}): Promise<Upstream> {
  return startUpstream(async ({ request, json }) => {
    const body = await request.whole;
    const id: unknown = JSON.parse(body.toString("utf8")).id;
    json(toolResult(Number(id), body.toString("utf8")));
  }, options);
}

function target(url: URL) {
  return { host: url.hostname, port: Number(url.port) };
}

function post(url: URL, body: object) {
  return call(target(url), { path: url.pathname, body: { ...body } });
}

/** Sends each signal, waits for the end, and looks for what was left behind. */
async function endBy(command: RunningCommand, signals: readonly NodeJS.Signals[]) {
  const children = await command.children();
  expect(children.length).toBeGreaterThan(0);
  for (const signal of signals) command.child.kill(signal);
  const ended = await within("the end of up", command.ended);
  const left = await Promise.all(children.map(isRunning));
  expect(left).toEqual(children.map(() => false));
  return ended;
}

describe("impedance up", () => {
  test.each<{ signals: readonly NodeJS.Signals[] }>([
    { signals: ["SIGTERM"] },
    { signals: ["SIGINT", "SIGINT"] },
  ])(
    "serves from its one line on, and $signals ends it with all it has started",
    async ({ signals }) => {
      await using upstream = await startEcho();
      await using command = startImpedance([
        "up",
        "--upstream",
        upstream.url,
        "--policy",
        policy,
        ...ANY_PORT,
      ]);
      const url = await command.ready();
      expect(url.pathname).toBe("/mcp");
      const reply = await post(url, toolCall(7, { text: SECRET }));
      expect(reply.status).toBe(200);
      expect(reply.headers.get("x-zta-decision")).toBe("redact");
      expect(upstream.seen().toString()).toContain(REDACTED);
      expect(upstream.seen().toString()).not.toContain(SECRET);
      const ended = await endBy(command, signals);
      expect(ended).toMatchObject({ code: 0, stdout: `ready ${url.href}\n` });
      expect(ended.stderr).not.toContain(SECRET);
      const shown = ended.stderr.trimEnd().split("\n").slice(0, 4);
      expect(shown).toEqual(
        ["· config_history", "· policy_history", "~ redact", "✓ allow"].map((what) =>
          expect.stringMatching(new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} ${what} `)),
        ),
      );
    },
  );

  test("on a loopback address answers to the names of this machine, and to no other", async () => {
    await using upstream = await startEcho();
    await using command = startImpedance(["up", "--upstream", upstream.url, ...ANY_PORT]);
    const url = await command.ready();
    const ask = (host: string) =>
      call(target(url), {
        path: url.pathname,
        headers: { "content-type": "application/json", accept: "application/json", host },
        body: JSON.stringify(LIST),
      });
    expect((await ask(`localhost:${url.port}`)).status).toBe(200);
    const rebound = await ask(`evil.example:${url.port}`);
    expect(rebound.status).toBe(403);
    expect(rebound.json()).toMatchObject({ error: { data: { code: "host_refused" } } });
    await endBy(command, ["SIGTERM"]);
  });

  test("shows each decision as a line of JSON with --format json", async () => {
    await using upstream = await startEcho();
    await using command = startImpedance([
      ...["up", "--upstream", upstream.url, "--policy", policy, "--format", "json"],
      ...ANY_PORT,
    ]);
    await post(await command.ready(), toolCall(7));
    const { stderr } = await endBy(command, ["SIGTERM"]);
    const events = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { seq: 1, kind: "start" },
      { seq: 2, kind: "config_history" },
      { seq: 3, kind: "policy_history" },
      { seq: 4, path: "mcp/firewall/decision", result: { allow: true } },
      { seq: 5, path: "mcp/firewall/decision", result: { allow: true } },
      { seq: 6, kind: "checkpoint", reason: "close" },
    ]);
  });

  test("lets only the handshake, discovery and listing pass without a policy, and says so", async () => {
    await using upstream = await startEcho();
    await using command = startImpedance(["up", "--upstream", upstream.url, ...ANY_PORT]);
    const url = await command.ready();
    expect((await post(url, LIST)).json()).toMatchObject({ id: 1, result: {} });
    expect((await post(url, toolCall(7))).json()).toMatchObject({
      id: 7,
      error: { data: { code: "not_allowed" } },
    });
    await expect.poll(command.stderr).toContain("--policy policy.yaml");
    expect(command.stderr()).toContain("no policy: only the handshake, discovery and listing pass");
  });

  test("speaks https to a server below a base path, under the server's own name", async () => {
    await using upstream = await startEcho({ tls: LOCALHOST });
    const authority = `localhost:${upstream.port}`;
    await using command = startImpedance([
      ...["up", "--upstream", `https://${authority}/base/v1/mcp`, "--upstream-ca", AUTHORITY_FILE],
      ...ANY_PORT,
    ]);
    const url = await command.ready();
    expect(url.pathname).toBe("/base/v1/mcp");
    expect(await post(url, LIST)).toMatchObject({ status: 200 });
    const [request] = upstream.requests;
    expect(request?.path).toBe("/base/v1/mcp");
    expect(request?.headers.host).toBe(authority);
  });

  test("does not speak to a server that shows another's certificate", async () => {
    await using upstream = await startEcho({ tls: ELSEWHERE });
    const url = `https://localhost:${upstream.port}/mcp`;
    await using command = startImpedance([
      ...["up", "--upstream", url, "--upstream-ca", AUTHORITY_FILE],
      ...ANY_PORT,
    ]);
    const reply = await post(await command.ready(), LIST);
    expect(JSON.parse(reply.text)).toMatchObject({
      error: { data: { code: "server_unavailable" } },
    });
    expect(upstream.requests).toEqual([]);
  });

  test("says that the server is not there", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}/mcp`;
    await using command = startImpedance(["up", "--upstream", nobody, ...ANY_PORT]);
    const reply = await post(await command.ready(), LIST);
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({
      error: { data: { code: "server_unavailable" } },
    });
  });

  test("ends with 1 when Envoy is killed, and says so", async () => {
    await using upstream = await startEcho();
    await using command = startImpedance(["up", "--upstream", upstream.url, ...ANY_PORT]);
    await command.ready();
    for (const child of await command.children()) process.kill(child, "SIGKILL");
    const { code, stderr } = await within("the end of up", command.ended);
    expect(code).toBe(1);
    expect(stderr).toContain("Envoy ended by itself (SIGKILL)");
  });

  test("serves every server of a configuration, each at its own path", async () => {
    await using one = await startEcho();
    await using two = await startEcho();
    const config = join(folder, "impedance.yaml");
    const servers = `servers:\n  one: { url: "${one.url}", path: /one }\n  two: { url: "${two.url}", path: /two }\n`;
    await writeFile(config, `listen: "127.0.0.1:0"\n${servers}`);
    await using command = startImpedance(["up", "--config", config]);
    const line = await waitFor("ready", () => /^ready (\S+) (\S+)\n$/.exec(command.stdout()));
    const urls = line.slice(1).map((text) => new URL(text));
    expect(urls.map(({ pathname }) => pathname)).toEqual(["/one", "/two"]);
    for (const url of urls) expect(await post(url, LIST)).toMatchObject({ status: 200 });
    expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
  });
});

describe("impedance up does not start", () => {
  let holder: Server;
  let taken: number;

  beforeAll(async () => {
    holder = createServer();
    holder.listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    taken = address.port;
  });

  afterAll(() => {
    holder.close();
  });

  test("on a port that another process has, which it names, with the option to change it", async () => {
    const args = ["up", "--upstream", "http://127.0.0.1:1/mcp", "--listen", `127.0.0.1:${taken}`];
    const { code, stdout, stderr } = await impedance(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`127.0.0.1:${taken} is taken by `);
    expect(stderr).toContain(`(process ${process.pid})`);
    expect(stderr).toContain("--listen HOST:PORT");
  });

  test.each([
    {
      title: "a policy that is not there",
      args: ["--policy", "/nowhere.yaml"],
      exits: 11,
      says: "/nowhere.yaml: the policy cannot be read",
    },
    {
      title: "certificates that are not there",
      args: ["--upstream-ca", "/nowhere.pem"],
      exits: 1,
      says: "/nowhere.pem",
    },
  ])("with $title", async ({ args, says, exits }) => {
    const upstream = "https://localhost:1/mcp";
    const ended = await impedance(["up", "--upstream", upstream, ...ANY_PORT, ...args]);
    const stderr = expect.stringContaining(says);
    expect(ended).toMatchObject({ code: exits, stdout: "", stderr });
  });
});

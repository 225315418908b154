/** The decision log of a real run: written by `serve`, proved by `impedance log`, Python, OpenSSL. */

import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { CANARIES } from "../../support/canaries.ts";
import { call } from "../../support/client.ts";
import { expectValid } from "../../support/decision-event.ts";
import { freePort, type Gateway, startGateway } from "../../support/gateway.ts";
import { SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream, type UpstreamHandler } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance, startImpedance } from "../cli/command.ts";

const PAGE = readFileSync(
  fileURLToPath(new URL("../../../docs/decision-log.md", import.meta.url)),
  "utf8",
);
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

let folder: string;
const at = (name: string): string => join(folder, name);

let port: number;
let upstream: Upstream;
const done: UpstreamHandler = async ({ request, json }) => {
  json(toolResult(JSON.parse(String(await request.whole)).id, "done"));
};
let answer: UpstreamHandler = done;
let gateway: Gateway;
let service: ServeProcess | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-log-e2e-"));
  port = await freePort();
  upstream = await startUpstream((exchange) => answer(exchange));
  gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service: { port },
  });
  const keygen = ["log", "keygen", "--out", at("audit.key")];
  expect(await impedance(keygen)).toMatchObject({ code: 0 });
  expect(await impedance(keygen)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is there already, and stays as it is"),
  });
});

afterEach(async () => {
  await service?.stop();
  service = null;
  answer = done;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

let logs = 0;
function freshLog(): string {
  logs += 1;
  mkdirSync(at(`log-${logs}`));
  return at(`log-${logs}/decisions.jsonl`);
}

function configFor(log: string, more = ""): string {
  return `audit: { sink: file, file: ${log}, signing_key: "file:${at("audit.key")}"${more} }\n`;
}

async function start(config: string, policy?: string): Promise<ServeProcess> {
  const options = { config, port, ...(policy === undefined ? {} : { policy }) };
  service = await startServe(options);
  // Envoy finds its way back to a service that was away.
  await waitFor("the first call", async () => {
    const reply = await call(gateway, { path: "/mcp", body: toolCall(0) });
    return reply.status !== 503;
  });
  return service;
}

async function end(running: ServeProcess): Promise<number | null> {
  running.kill("SIGTERM");
  return (await running.exited).code;
}

interface Line {
  readonly kind: string;
  readonly [field: string]: unknown;
}

function read(log: string): readonly Line[] {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  for (const line of lines) expectValid(line);
  return lines.map((line) => JSON.parse(line));
}

async function verify(log: string, ...more: readonly string[]) {
  const key = at("audit.key.pub");
  return await impedance(["log", "verify", log, "--public-key", key, ...more]);
}

/** The code of the page's first block in this language. */
function blockOf(language: string, holding: string): string {
  const blocks = [...PAGE.matchAll(/```(\w+)\n([\s\S]*?)```/g)];
  const found = blocks.find(([, name, text]) => name === language && text?.includes(holding));
  return found?.[2] ?? "";
}

describe("a log that serve has written", () => {
  let log: string;
  beforeAll(async () => {
    log = freshLog();
    const running = await start(configFor(log, ", checkpoint_events: 3"));
    for (let id = 1; id <= 5; id++) await call(gateway, { path: "/mcp", body: toolCall(id) });
    expect(await end(running)).toBe(0);
  });

  test("begins with what holds, and is whole by its public key", async () => {
    expect(read(log).slice(0, 4)).toMatchObject([
      { kind: "start", previous: "none" },
      { kind: "config_history", cause: "start", old: null },
      { kind: "policy_history", cause: "start", old: null, bundle: null, file: "policy.yaml" },
      { kind: "checkpoint", policy: expect.stringMatching(/^sha256:/) },
    ]);
    const { code, stdout } = await verify(log);
    expect({ code, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({ code: 0, last: "whole" });
    expect((await verify(at(`log-${logs}`))).code).toBe(0);
  });

  test("is found out when a line of it was changed, and the place is named", async () => {
    const changed = at("changed.jsonl");
    const lines = readFileSync(log, "utf8").split("\n");
    writeFileSync(changed, lines.with(5, (lines[5] ?? "").replace("echo", "ecco")).join("\n"));
    const text = await verify(changed);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain("FAIL  changed.jsonl:6: seq 6: edited");
    const { code, stdout } = await verify(changed, "--format", "json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problems: [{ code: "edited", file: changed, line: 6, seq: 6 }],
    });
    expect((await verify(at("absent.jsonl"))).code).toBe(2);
    expect((await impedance(["log", "verify"])).code).toBe(2);
  });

  test.skipIf(!HAS_PYTHON)("is whole by the script in docs/decision-log.md (needs python3)", () => {
    writeFileSync(at("verify.py"), blockOf("python", "hashlib"));
    const whole = spawnSync("python3", [at("verify.py"), log], { encoding: "utf8" });
    expect(whole).toMatchObject({ status: 0, stderr: "" });
    expect(whole.stdout).toMatch(/^\d+ lines, whole\n$/);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    const harms = [
      lines.with(4, (lines[4] ?? "").replace("echo", "ecco")),
      lines.toSpliced(4, 1),
      lines.toSpliced(4, 0, lines[3] ?? ""),
      lines.slice(0, -1),
    ];
    for (const harmed of harms) {
      writeFileSync(at("harmed.jsonl"), `${harmed.join("\n")}\n`);
      expect(spawnSync("python3", [at("verify.py"), at("harmed.jsonl")]).status).toBe(1);
    }
  });

  test.skipIf(!HAS_OPENSSL)("is signed, as OpenSSL sees it (needs openssl)", () => {
    const script = blockOf("sh", "pkeyutl").replaceAll("decisions.jsonl", log);
    writeFileSync(at("verify.sh"), script.replaceAll("audit.key.pub", at("audit.key.pub")));
    const checked = execFileSync("sh", ["-e", at("verify.sh")], { cwd: folder, encoding: "utf8" });
    expect(checked).toContain("Signature Verified Successfully");
  });

  test("shows one decision by its id, and the last ones", async () => {
    const decision = read(log).find(({ kind }) => kind === "decision");
    const id = String(decision?.decision_id);
    const shown = await impedance(["log", "show", id, log, "--format", "json"]);
    expect(JSON.parse(shown.stdout)).toEqual(decision);
    expect(await impedance(["log", "show", "nobody", log])).toMatchObject({ code: 1, stdout: "" });
    const { stdout } = await impedance(["log", "tail", log, "--lines", "6"]);
    expect(stdout).toMatch(/✓ allow {2}files +↩ tools\/call echo/);
  });

  test("tells who came, in the same chain, and shows that alone", async () => {
    const own = freshLog();
    const running = await start(configFor(own));
    const headers = { "mcp-session-id": "s-1", "mcp-protocol-version": "2025-11-25" };
    await call(gateway, { path: "/mcp", headers, body: toolCall(1) });
    expect(await end(running)).toBe(0);
    const [opened] = read(own).filter(({ kind }) => kind === "auth");
    expect(opened).toMatchObject({
      event: "session_opened",
      outcome: "success",
      server: "files",
      details: { origin: "adopted" },
    });
    expect(await verify(own)).toMatchObject({ code: 0 });
    const { stdout } = await impedance(["log", "tail", own, "--only", "auth"]);
    expect(stdout).toMatch(/^[\d:.]+ @ auth {3}files +session_opened origin=adopted\n$/);
    const shown = await impedance([
      "log",
      "show",
      String(opened?.session),
      own,
      "--format",
      "json",
    ]);
    expect(JSON.parse(shown.stdout)).toEqual(opened);
    const wrong = await impedance(["log", "tail", own, "--only", "errors"]);
    expect(wrong).toMatchObject({ code: 2 });
  });

  test("is followed line by line", async () => {
    const own = freshLog();
    const running = await start(configFor(own));
    await using tail = startImpedance(["log", "tail", "-f", own]);
    await waitFor("what is there", () => tail.stdout().includes("policy_history"));
    await call(gateway, { path: "/mcp", body: toolCall(9, {}, "watched") });
    await waitFor("the new line", () => tail.stdout().includes("tools/call watched"));
    expect(await end(running)).toBe(0);
  });
});

describe("a run that did not end well", () => {
  const CRASHER = `
    export function createGuard() {
      const request = ({ text }) => {
        if (text.includes("now crash")) setImmediate(() => { throw new Error(text); });
        return [];
      };
      return { name: "crasher", request };
    }`;

  test("leaves a breadcrumb without values, which the next start reads, logs and counts", async () => {
    const log = freshLog();
    writeFileSync(at("crasher.mjs"), CRASHER);
    const config = `${configFor(log)}plugins: [{ module: ${at("crasher.mjs")} }]\n`;
    const first = await start(config);
    const canary = `now crash ${SECRET}`;
    await call(gateway, { path: "/mcp", body: toolCall(1, { text: canary }) });
    expect((await first.exited).code).toBe(1);
    const crumb = readFileSync(`${log}.crash`, "utf8");
    expect(JSON.parse(crumb)).toMatchObject({ error: "Error", system_code: null });
    expect(`${crumb}${first.log.join("\n")}`).not.toMatch(/now crash|AKIA/);

    const second = await start(config);
    expect(second.log.find((line) => line.includes("crash_before"))).toContain('"error":"Error"');
    const metrics = await fetch(`http://127.0.0.1:${second.adminPort}/metrics`);
    expect(await metrics.text()).toMatch(/^impedance_crashes_total 1$/m);
    expect(existsSync(`${log}.crash`)).toBe(false);
    expect(await end(second)).toBe(0);
    expect(read(log).filter(({ kind }) => kind === "start")).toMatchObject([
      { previous: "none", crash: null },
      { previous: "crashed", crash: { error: "Error" } },
    ]);
    const { code, stdout } = await verify(log);
    expect({ code, note: stdout.includes("ended by a fault") }).toEqual({ code: 0, note: true });
  });

  test("because it was killed is told by the next one, and the chain goes on", async () => {
    const log = freshLog();
    const first = await start(configFor(log));
    first.kill("SIGKILL");
    await first.exited;
    expect((await verify(log)).code).toBe(1);
    expect((await verify(log, "--live")).code).toBe(0);
    const second = await start(configFor(log));
    expect(await end(second)).toBe(0);
    expect(read(log).filter(({ kind }) => kind === "start")[1]).toMatchObject({
      previous: "killed",
    });
    expect((await verify(log)).code).toBe(0);
    const left = readdirSync(at(`log-${logs}`)).sort();
    expect(left).toEqual(["decisions.jsonl", "decisions.jsonl.head"]);
  });
});

describe("a log that cannot be written", () => {
  const serve = ["serve", "--grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

  test("ends the start with exit code 10; a policy that does not load, with 11", async () => {
    writeFileSync(at("config.yaml"), configFor(at("nowhere/decisions.jsonl")));
    const refused = await impedance([...serve, "--config", at("config.yaml")]);
    expect(refused).toMatchObject({ code: 10, stderr: expect.stringContaining("ENOENT") });
    writeFileSync(at("password"), "correct horse battery staple");
    writeFileSync(at("config.yaml"), `audit: { signing_key: "file:${at("password")}" }`);
    const unsigned = await impedance([...serve, "--config", at("config.yaml")]);
    expect(unsigned).toMatchObject({ code: 10, stderr: expect.stringContaining("seed") });
    expect(unsigned.stderr).not.toContain("horse");
    expect(await impedance(["check", "--config", at("config.yaml")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("audit.signing_key"),
    });
    expect((await impedance([...serve, "--policy", at("nowhere.yaml")])).code).toBe(11);
  });

  test("any more denies messages and readiness, heals by itself, and says so in the chain", async () => {
    const log = freshLog();
    const running = await start(configFor(log, ", health_interval_ms: 20"));
    const ready = async () => (await fetch(`http://127.0.0.1:${running.adminPort}/ready`)).status;
    expect(await ready()).toBe(200);
    rmSync(log);
    // So that it cannot be made anew.
    mkdirSync(log);
    await waitFor("the log to fail", async () => (await ready()) === 503);
    const reply = await call(gateway, { path: "/mcp", body: toolCall(1) });
    expect(JSON.parse(reply.body.toString())).toMatchObject({
      error: { data: { code: "audit_unavailable" } },
    });
    const metrics = await fetch(`http://127.0.0.1:${running.adminPort}/metrics`);
    expect(await metrics.text()).toMatch(/^impedance_audit_healthy 0$/m);
    rmSync(log, { recursive: true });
    await waitFor("the log to heal", async () => (await ready()) === 200);
    expect(await end(running)).toBe(0);
    expect(read(log)[0]).toMatchObject({
      kind: "switch",
      // The folder in its place may be seen first.
      code: expect.stringMatching(/^FILE_(DELETED|REPLACED)$/),
    });
    chmodSync(log, 0o600);
    const { stdout } = await verify(log, "--format", "json");
    expect(JSON.parse(stdout).problems).toMatchObject([{ code: "beginning_missing" }]);
  });

  test("waits for the disk where it is told to, and lets nothing through that it did not take", async () => {
    const log = freshLog();
    const running = await start(configFor(log, ", sync: on"));
    const reply = await call(gateway, { path: "/mcp", body: toolCall(1) });
    expect(reply.status).toBe(200);
    // The answer is here, so both lines are.
    const id = String(reply.headers.get("x-zta-decision-id"));
    expect(readFileSync(log, "utf8")).toContain(id);
    expect(await end(running)).toBe(0);
  });
});

const LEVELS = `
policy_id: levels
version: "1.0"
default: deny
allow_rules:
  - { tool: shown, audit: full }
  - { tool: quiet, audit: none }
  - { tool: "*" }
`;

describe("a rule that says what the log keeps", () => {
  test("has it so: values, nothing but a count, or keys", async () => {
    const log = freshLog();
    const running = await start(configFor(log), LEVELS);
    for (const [tool, args] of [
      ["shown", { note: "plain words", key: SECRET }],
      ["quiet", { note: "counted only" }],
      ["other", { note: "hidden words" }],
    ] as const) {
      await call(gateway, { path: "/mcp", body: toolCall(1, { ...args }, tool) });
    }
    const metrics = await fetch(`http://127.0.0.1:${running.adminPort}/metrics`);
    expect(await metrics.text()).toMatch(/^impedance_audit_unlogged_total [12]$/m);
    expect(await end(running)).toBe(0);

    const requests = read(log).filter(({ input }) => JSON.stringify(input)?.includes('"request"'));
    expect(JSON.stringify(requests)).toContain('"note":"plain words"');
    expect(JSON.stringify(requests)).toContain("[REDACTED:aws-access-key-id]");
    expect(JSON.stringify(requests)).not.toMatch(/hidden words|counted only|"quiet"/);
    expect(readFileSync(log, "utf8")).not.toContain(SECRET);
    expect(read(log).at(-1)).toMatchObject({ kind: "checkpoint", reason: "close" });
    const unlogged = read(log).map((line) => Number(line.unlogged ?? 0));
    expect(unlogged.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  });
});

test("nothing that peers sent is in any output of ours, at any level", async () => {
  const log = freshLog();
  const config = `${configFor(log, ", health_interval_ms: 20")}log: { level: debug }\n`;
  const running = await start(config);
  const plain = CANARIES["plain words"];
  const bodies: readonly (string | { readonly [member: string]: unknown })[] = [
    toolCall(1, { key: SECRET, note: plain, [`${plain} key`]: { deep: [plain, SECRET] } }),
    toolCall(2, { path: `/home/${plain}/../.ssh/id_rsa` }, `tool ${plain}`),
    { jsonrpc: "2.0", id: 3, method: `canary/4f1b ${plain}`, params: { uri: `x://${plain}` } },
    `{"jsonrpc":"2.0","id":4,"method":"ping","method":"${plain} ${SECRET}"}`,
    `not JSON: ${plain} ${SECRET}`,
    { jsonrpc: "2.0", id: plain, method: "tools/call", params: { name: [plain] } },
  ];
  const answers: readonly object[] = [
    toolResult(1, `${plain} ${SECRET}`),
    { jsonrpc: "2.0", id: 1, error: { code: -1, message: plain, data: { [plain]: SECRET } } },
    { jsonrpc: "2.0", id: 7, result: { [plain]: plain, structuredContent: { [SECRET]: 1 } } },
  ];
  for (const body of bodies) {
    for (const each of answers) {
      answer = (exchange) => exchange.json(each);
      const headers = { "x-note": plain, authorization: `Bearer ${SECRET}`, "user-agent": SECRET };
      await call(gateway, { path: "/mcp", body, headers: { ...headers, ...JSON_TYPE } });
    }
  }
  const metrics = await fetch(`http://127.0.0.1:${running.adminPort}/metrics`);
  const seen = [await metrics.text(), running.log.join("\n")];
  expect(await end(running)).toBe(0);
  const { stdout } = await impedance(["log", "tail", log, "--lines", "1000"]);
  const access = JSON.stringify(await gateway.accessLog(bodies.length));
  const files = readdirSync(at(`log-${logs}`)).map((name) =>
    readFileSync(at(`log-${logs}/${name}`), "utf8"),
  );
  const all = [...seen, ...files, stdout, access, gateway.log.join("\n"), running.log.join("\n")];
  expect(read(log).filter(({ kind }) => kind === "decision").length).toBeGreaterThan(15);
  // Not the output itself, which would be long: what of it tells.
  const told = all.flatMap(
    (output) => output.match(/.{0,80}(?:canary.4f1b|AKIAQ3EG).{0,20}/g) ?? [],
  );
  expect(told).toEqual([]);
});

const JSON_TYPE = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

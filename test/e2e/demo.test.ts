import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { connectSdkClient } from "../support/mcp.ts";
import { waitFor } from "../support/wait.ts";

const START = fileURLToPath(new URL("../../demo/start.ts", import.meta.url));
const AGENT = fileURLToPath(new URL("../../demo/agent.ts", import.meta.url));
const TOKEN = /ghp_\w{36}/g;

let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "impedance-state-"));
});

afterAll(() => rm(state, { recursive: true, force: true }));

describe("the demonstration", () => {
  test("shows an agent's calls from both sides, and keeps each secret to itself", async () => {
    await using demo = await startDemo(state);
    const secret = TOKEN.exec(await readFile(join(demo.project, "config/staging.env"), "utf8"));
    TOKEN.lastIndex = 0;
    const agent = await runAgent(state);

    expect(agent).toMatchObject({ code: 0, stderr: "" });
    expect(agent.stdout).toContain("All 10 steps went as they should.");
    expect(agent.stdout).toContain("[REDACTED:github-token]");
    expect(demo.output()).toMatch(/✗ deny {3}everything tools\/call get-env policy_denied/);

    const log = await readFile(join(state, "decisions.jsonl"), "utf8");
    const secrets = [...(agent.stdout.match(TOKEN) ?? []), secret?.[0]];
    expect(secrets).toHaveLength(2);
    for (const text of secrets) {
      expect(demo.output()).not.toContain(text);
      expect(log).not.toContain(text);
    }
    expect(agent.stdout).not.toContain(secret?.[0]);
    expect(await demo.end("SIGINT")).toEqual({ code: 0, left: [] });
  });

  test("runs beside another one, on ports, files and a log of its own", async () => {
    await using first = await startDemo(state);
    await using second = await startDemo(state);
    expect(second.urls).not.toEqual(first.urls);
    const names = (await readdir(state)).filter((name) => name.startsWith("demo"));
    expect(names.sort()).toEqual([`demo-${second.pid}.json`, "demo.json"]);
    expect((await runAgent(state)).code).toBe(0);

    expect(await first.end("SIGINT")).toEqual({ code: 0, left: [] });
    expect((await runAgent(state)).code).toBe(0);
    const log = await readFile(join(state, `decisions-${second.pid}.jsonl`), "utf8");
    expect(log).toContain("get-env");
    expect(await second.end("SIGINT")).toEqual({ code: 0, left: [] });
  });

  test.each([
    { title: "a signal that comes twice", signals: ["SIGINT", "SIGINT"] as const },
    { title: "SIGTERM to the topmost process alone", signals: ["SIGTERM"] as const },
  ])("ends every child, with exit code 0, on $title", async ({ signals }) => {
    await using demo = await startDemo(state);
    // An open session keeps a child of the bridge alive.
    const connection = await connectSdkClient(demo.urls.files ?? "");
    expect(await demo.end(...signals)).toEqual({ code: 0, left: [] });
    await connection.close(false);
    expect((await readdir(state)).filter((name) => name.startsWith("demo"))).toEqual([]);
    await expect(stat(demo.project)).rejects.toThrow("ENOENT");
  });

  test("leaves no child behind when it is killed, and the next start is not misled", async () => {
    await using killed = await startDemo(state);
    const { left } = await killed.end("SIGKILL");
    expect(left).toEqual([]);
    expect((await runAgent(state)).code).toBe(1);
    await using next = await startDemo(state);
    expect((await runAgent(state)).code).toBe(0);
    expect(await next.end("SIGINT")).toEqual({ code: 0, left: [] });
    await rm(killed.project, { recursive: true, force: true });
  });

  test("takes another port when its own is busy, and says who has it", async () => {
    const holder = createServer();
    const port = await listen(holder);
    await using demo = await startDemo(state, { IMPEDANCE_LISTEN: `127.0.0.1:${port}` });
    expect(demo.output()).toContain(`127.0.0.1:${port} (where agents connect) is taken by node`);
    expect(demo.output()).toContain(`(process ${process.pid})`);
    expect(demo.urls.files).not.toContain(`:${port}/`);
    await demo.end("SIGINT");
    holder.close();
  });

  test("tells an agent that comes too early how to start it", async () => {
    const empty = join(state, "empty");
    const { code, stderr } = await runAgent(empty);
    expect(code).toBe(1);
    expect(stderr).toContain("start it with `npm start`");
  });
});

interface Demo extends AsyncDisposable {
  readonly pid: number;
  readonly urls: { readonly [server: string]: string };
  readonly project: string;
  /** What it printed, on both outputs. */
  output(): string;
  /** Sends the signals one by one; tells how it ended, and which children are left. */
  end(...signals: readonly NodeJS.Signals[]): Promise<{ code: number | null; left: number[] }>;
}

async function startDemo(folder: string, environment: NodeJS.ProcessEnv = {}): Promise<Demo> {
  const anyPort = { IMPEDANCE_LISTEN: "127.0.0.1:0", IMPEDANCE_ADMIN: "127.0.0.1:0" };
  const child = spawn(process.execPath, [START, "--state", folder], {
    env: { ...process.env, ...anyPort, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  const exited = once(child, "exit");
  const pid = child.pid ?? 0;
  const state = await waitFor("the demonstration to run", async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output()}`);
    return output().includes("Ctrl-C ends everything") && (await stateOf(folder, pid));
  });
  const end: Demo["end"] = async (...signals) => {
    const children = await descendants(pid);
    expect(children.length).toBeGreaterThanOrEqual(2);
    for (const signal of signals) child.kill(signal);
    const [code] = await exited;
    const left = () => children.filter(isRunning);
    await waitFor("the children to end", () => left().length === 0).catch(() => undefined);
    return { code, left: left() };
  };
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  return { ...state, output, end, [Symbol.asyncDispose]: dispose };
}

async function stateOf(folder: string, pid: number) {
  for (const name of await readdir(folder)) {
    if (!/^demo.*\.json$/.test(name)) continue;
    const state = JSON.parse(await readFile(join(folder, name), "utf8")) as Omit<Demo, "output">;
    if (state.pid === pid) return state;
  }
  return null;
}

async function runAgent(folder: string) {
  const child = spawn(process.execPath, [AGENT, "--state", folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const both = collect(child, "both");
  const [code] = await once(child, "close");
  return { code: code as number, ...both };
}

function collect(child: ChildProcess): () => string;
function collect(child: ChildProcess, kind: "both"): { stdout: string; stderr: string };
function collect(child: ChildProcess, kind?: "both") {
  const outputs = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      outputs[name] += text;
    });
  }
  return kind === "both" ? outputs : () => outputs.stdout + outputs.stderr;
}

/** Every process below `root`, from /proc. */
async function descendants(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    const text = /^\d+$/.test(name)
      ? await readFile(`/proc/${name}/stat`, "utf8").catch(() => "")
      : "";
    const parent = /^\d+ \(.*\) \S (\d+) /.exec(text)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found = [root];
  for (const id of found) for (const [child, of] of parents) if (of === id) found.push(child);
  return found.slice(1);
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

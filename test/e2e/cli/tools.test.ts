import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type RunningServer, startEverything, startFilesystem } from "../../support/mcp.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { impedance } from "./command.ts";

const ECHO = { name: "echo", description: "Echoes.", inputSchema: { type: "object" } };
const HOSTILE = {
  name: "e\u001b[2Jcho",
  description: "Reads\u202e files.\u001b]0;owned\u0007\nsecond line",
};

let folder: string;
let inventory: string;
let everything: RunningServer;
let upstream: Upstream;
let tools: readonly object[];

beforeAll(async () => {
  everything = await startEverything();
  upstream = await startUpstream(async (exchange) => {
    const body = (await exchange.request.whole).toString("utf8");
    const { id, method } = JSON.parse(body);
    if (id === undefined) return exchange.reply(202);
    const result = method === "initialize" ? { protocolVersion: "2025-11-25" } : { tools };
    exchange.json({ jsonrpc: "2.0", id, result });
  });
});

afterAll(async () => {
  await everything.stop();
  await upstream.stop();
});

beforeEach(async () => {
  tools = [ECHO];
  folder = await mkdtemp(join(tmpdir(), "impedance-tools-"));
  inventory = join(folder, "tools.yaml");
  return () => rm(folder, { recursive: true, force: true });
});

/** A `tools` command on a server and the test's own inventory. */
function run(action: string, url: string, ...more: readonly string[]) {
  return impedance(["tools", action, "--from", url, "--inventory", inventory, ...more]);
}

describe("with server-everything", () => {
  test("pin, then diff finds nothing, and list shows what was pinned", async () => {
    const first = await run("diff", everything.url);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("+ upstream/echo  sha256:");

    const pinned = await run("pin", everything.url);
    expect(pinned).toMatchObject({ code: 0, stderr: "" });
    expect(pinned.stdout).toMatch(/^\d+ written to .+, 0 unchanged$/m);
    expect(await run("diff", everything.url)).toMatchObject({ code: 0, stderr: "" });

    const listed = await run("list", everything.url, "--format", "json");
    const { tools: rows } = JSON.parse(listed.stdout);
    expect(rows.length).toBeGreaterThan(10);
    expect(new Set(rows.map(({ state }: { state: string }) => state))).toEqual(new Set(["pinned"]));
  });

  test("pin takes the tools alone whose names fit", async () => {
    expect((await run("pin", everything.url, "--tool", "echo,get-s*")).code).toBe(0);
    const text = await readFile(inventory, "utf8");
    expect(text.match(/^ {6}\S+:$/gm)).toEqual([
      "      echo:",
      "      get-structured-content:",
      "      get-sum:",
    ]);
  });
});

test("server-filesystem's tools are pinned with guesses that fit them", async () => {
  await using filesystem = await startFilesystem(folder);
  const pinned = await run("pin", filesystem.url, "--tool", "read_text_file,write_file");
  expect(pinned).toMatchObject({ code: 0, stderr: "" });
  const { stdout } = await impedance(["tools", "list", "--inventory", inventory]);
  expect(stdout).toMatch(/ read_text_file {2}pinned {2}medium\? .* FS_READ\? /);
  expect(stdout).toMatch(/ write_file {6}pinned {2}high\? .* FS_WRITE\? /);
});

describe("a tool that drifts", () => {
  test("is shown with both texts, left as it is, and taken over only if that is accepted", async () => {
    await run("pin", upstream.url);
    const before = await readFile(inventory, "utf8");
    tools = [{ ...ECHO, description: "Echoes.\nAnd more." }];

    const differing = await run("diff", upstream.url);
    expect(differing.code).toBe(1);
    expect(differing.stdout).toMatch(
      /^~ upstream\/echo\n {4}pinned {2}sha256:\w{64}\n {4}now {5}sha256:\w{64}\n {2}changed \/description\n {4}- Echoes\.\n {4}\+ Echoes\.\n {4}\+ And more\.\n$/,
    );
    const refused = await run("pin", upstream.url);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("drifted   upstream/echo");
    expect(refused.stderr).toContain("1 drifted and stay as pinned; review them, then --accept");
    expect(await readFile(inventory, "utf8")).toBe(before);

    expect((await run("pin", upstream.url, "--accept", "--dry-run")).code).toBe(0);
    expect(await readFile(inventory, "utf8")).toBe(before);
    expect((await run("pin", upstream.url, "--accept")).code).toBe(0);
    expect((await run("diff", upstream.url)).code).toBe(0);
  });

  test("beside one that is new and one that is gone, as JSON", async () => {
    tools = [ECHO, { name: "old" }];
    await run("pin", upstream.url);
    tools = [{ ...ECHO, title: "E" }, { name: "new" }];
    const { code, stdout } = await run("diff", upstream.url, "--format", "json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      tools: [
        { name: "echo", state: "drifted", changes: [{ kind: "added", pointer: "/title" }] },
        { name: "new", state: "new", pinned_hash: null },
        { name: "old", state: "gone", hash: null },
      ],
    });
  });

  test("leaves what people wrote", async () => {
    await writeFile(
      inventory,
      "# ours\nversion: 1\nservers:\n  upstream:\n    tools:\n      echo: # loud\n        owner: crew\n",
    );
    expect((await run("pin", upstream.url)).code).toBe(0);
    const text = await readFile(inventory, "utf8");
    expect(text).toContain("# ours\nversion: 1\n");
    expect(text).toContain("# loud\n");
    expect(text).toContain("owner: crew\n        hash: sha256:");
  });
});

test.each(["list", "diff", "pin"])(
  "tools %s shows a terminal no character that steers it",
  async (action) => {
    tools = [HOSTILE];
    const { stdout, stderr } = await run(action, upstream.url);
    expect(stdout).toContain("e\\u{1b}[2Jcho");
    expect(stdout + stderr).not.toMatch(/[^\P{C}\n]/u);
    if (action === "list") expect(stdout).toContain("Reads\\u{202e} files.\\u{1b}]0;owned\\u{7}\n");
    if (action === "pin") expect(await readFile(inventory, "utf8")).toContain("Reads\\u202e files");
  },
);

test("tools list without a server shows the inventory", async () => {
  await run("pin", upstream.url, "--server", "mine");
  const { code, stdout } = await impedance(["tools", "list", "--inventory", inventory]);
  expect({ code, lines: stdout.split("\n")[1] }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/^mine {4}echo {2}pinned {2}- {5}- {6}- {13}Echoes\.$/m);
});

test("servers come from the configuration, and so does the inventory", async () => {
  const config = join(folder, "impedance.yaml");
  await writeFile(
    config,
    `inventory: { file: mine.yaml, mode: enforce }\nservers: { web: { url: "${upstream.url}" } }\n`,
  );
  const checked = await impedance(["check", "--config", config]);
  expect(checked.code).toBe(1);
  expect(checked.stderr).toContain("mine.yaml: the inventory cannot be read; make it with");
  expect((await impedance(["tools", "pin", "--config", config])).code).toBe(0);
  expect(await readFile(join(folder, "mine.yaml"), "utf8")).toContain("  web:\n    tools:\n");
  expect((await impedance(["check", "--config", config])).code).toBe(0);
  const diff = await impedance(["tools", "diff", "--config", config, "--server", "web"]);
  expect(diff).toMatchObject({ code: 0, stdout: "1 tools, all as they were pinned\n" });
});

test.each([
  {
    args: ["tools", "diff"],
    want: "no server to ask: give --from URL, or --config FILE with `servers:` in it",
  },
  {
    args: ["tools", "list", "--from", "nowhere"],
    want: "--from is no http or https URL, such as http://127.0.0.1:3001/mcp",
  },
  {
    args: ["tools", "list", "--server", "x"],
    want: "--server x is no server of the configuration; give --config FILE, or --from URL",
  },
  {
    args: ["tools", "list", "--from", "http://127.0.0.1:2/mcp"],
    want: "upstream: http://127.0.0.1:2/mcp cannot be reached (ECONNREFUSED)",
  },
  {
    args: ["tools", "list", "--from", "http://127.0.0.1:2/mcp", "--token", "abc"],
    want: "--token holds a literal secret; write env:NAME or file:PATH instead",
  },
  { args: ["tools", "pim"], want: "there is no command pim; did you mean pin?" },
])("impedance $args ends with 2 and says why", async ({ args, want }) => {
  const { code, stdout, stderr } = await impedance(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.split("\n")[0]).toBe(`impedance: ${want}`);
});

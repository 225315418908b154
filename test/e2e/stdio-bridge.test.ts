import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type StdioBridge, startStdioBridge } from "../../demo/stdio-bridge.ts";
import { connectSdkClient, entryOf } from "../support/mcp.ts";
import { waitFor } from "../support/wait.ts";

let folder: string;
let other: string;
let bridge: StdioBridge;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-bridge-"));
  other = await mkdtemp(join(tmpdir(), "impedance-roots-"));
  await writeFile(join(folder, "note.txt"), "grüße ☃");
  bridge = await startStdioBridge({
    command: process.execPath,
    args: [entryOf("server-filesystem"), folder],
    maxSessions: 2,
  });
});

afterAll(async () => {
  await bridge.stop();
  for (const path of [folder, other]) await rm(path, { recursive: true, force: true });
});

describe("the stdio bridge", () => {
  test("lets a client list and call the tools of a stdio server", async () => {
    await using connection = await connectSdkClient(bridge.url);
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toContain("read_text_file");
    const result = await connection.client.callTool({
      name: "read_text_file",
      arguments: { path: join(folder, "note.txt") },
    });
    expect(result.content).toEqual([{ type: "text", text: "grüße ☃" }]);
  });

  test("carries the server's own requests to the client, and the answer back", async () => {
    await using connection = await connectSdkClient(bridge.url, {
      capabilities: { roots: { listChanged: true } },
      prepare: (client) => {
        client.setRequestHandler(ListRootsRequestSchema, () => ({
          roots: [{ uri: pathToFileURL(other).href, name: "other" }],
        }));
      },
    });
    const allowed = await waitFor("the client's roots at the server", async () => {
      const result = await connection.client.callTool({ name: "list_allowed_directories" });
      const text = JSON.stringify(result.content);
      return text.includes(other) && text;
    });
    expect(allowed).not.toContain(folder);
  });

  test("ends the child when the client ends its session", async () => {
    const connection = await connectSdkClient(bridge.url);
    const [pid = 0] = bridge.children();
    expect(isRunning(pid)).toBe(true);
    await connection.close();
    await waitFor("the child's end", () => bridge.children().length === 0 && !isRunning(pid));
  });

  test("ends the session that was silent longest when there is one too many", async () => {
    await using first = await connectSdkClient(bridge.url);
    await using second = await connectSdkClient(bridge.url);
    await first.client.ping();
    await using third = await connectSdkClient(bridge.url);
    await third.client.ping();
    await first.client.ping();
    await expect(second.client.ping()).rejects.toThrow("Session not found");
    expect(bridge.children()).toHaveLength(2);
  });

  test("starts no child for a request without a session", async () => {
    const answer = await fetch(bridge.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    expect(answer.status).toBe(400);
    expect(bridge.children()).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

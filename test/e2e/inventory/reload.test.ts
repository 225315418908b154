/** The inventory file is replaced while the service runs: atomic, and a bad one changes nothing. */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { hashDefinition } from "../../../src/server/load-inventory.ts";
import { call } from "../../support/client.ts";
import { expectValid } from "../../support/decision-event.ts";
import { temporaryFolder } from "../../support/decision-log.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

/** Many processes, one after the other, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SEARCH = { name: "search", inputSchema: { type: "object" } };
const { hash = "" } = hashDefinition(SEARCH) ?? {};
const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const PINNED = `version: 1\nservers: { web: { tools: { search: { hash: "${hash}", risk: low } } } }\n`;
const OTHER = PINNED.replace(hash, `sha256:${"0".repeat(64)}`);

const folder = temporaryFolder();
const file = folder.at("tools.yaml");
const log = folder.at("log.jsonl");
let upstream: Upstream;
let service: ServeProcess;
let gateway: Gateway;

/** As an editor or a ConfigMap does it. */
function replace(text: string): void {
  writeFileSync(folder.at("draft.yaml"), text);
  renameSync(folder.at("draft.yaml"), file);
}

beforeAll(async () => {
  replace(PINNED);
  upstream = await startUpstream(async ({ request, json }) => {
    const { id, method } = JSON.parse(String(await request.whole));
    json(
      method === "tools/list"
        ? { jsonrpc: "2.0", id, result: { tools: [SEARCH] } }
        : toolResult(id, "found"),
    );
  });
  const config = `inventory: { file: ${file}, mode: enforce }
policy: { poll_interval_ms: 100 }
audit: { sink: file, file: ${log} }
`;
  service = await startServe({ config });
  gateway = await startGateway({ upstreams: [{ id: "web", url: upstream.url }], service });
});

afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await upstream.stop();
  folder[Symbol.dispose]();
});

/** `ok`, or why the call was denied. */
async function outcome(): Promise<string> {
  const reply = await call(gateway, { path: "/mcp", body: toolCall(2, {}, "search") });
  const { error } = JSON.parse(Buffer.from(reply.body).toString());
  return error === undefined ? "ok" : error.data.code;
}

function told(code: string): readonly { readonly [field: string]: unknown }[] {
  return service.log.map((line) => JSON.parse(line)).filter((entry) => entry.code === code);
}

async function reloads(): Promise<readonly string[]> {
  const metrics = await fetch(`http://127.0.0.1:${service.adminPort}/metrics`);
  const found = (await metrics.text()).matchAll(
    /^impedance_inventory_reloads_total\{outcome="(\w+)"\} (\d+)$/gm,
  );
  return [...found].map(([, kind, count]) => `${kind} ${count}`);
}

test("a changed inventory holds, a bad one is refused and told, and the old one stays", async () => {
  await call(gateway, { path: "/mcp", body: LIST });
  expect(await outcome()).toBe("ok");

  replace(OTHER);
  await waitFor("the reload", () => told("inventory_reloaded").length === 1);
  expect(await outcome()).toBe("tool_drifted");

  replace("version: 1\nservers: { web: { tools: { search: { hsh: x } } } }\n");
  const [refused] = await waitFor("the refusal", () => {
    const found = told("inventory_refused");
    return found.length > 0 && found;
  });
  expect(String(refused?.error)).toContain("tools.yaml");
  expect(await outcome()).toBe("tool_drifted");

  replace(PINNED);
  await waitFor("the next reload", () => told("inventory_reloaded").length === 2);
  expect(await outcome()).toBe("ok");
  expect((await reloads()).toSorted()).toEqual(["loaded 2", "refused 1"]);

  service.kill("SIGTERM");
  expect((await service.exited).code).toBe(0);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  for (const line of lines) expectValid(line);
  const records: { [field: string]: unknown }[] = lines.map((line) => JSON.parse(line));
  const history = records.filter(({ kind }) => kind === "config_history");
  const [start, first, second] = history;
  expect(history.map(({ cause }) => cause)).toEqual(["start", "reload", "reload"]);
  expect(first?.old).toBe(start?.new);
  expect(second).toMatchObject({ old: first?.new, new: start?.new });
});

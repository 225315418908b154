/** A policy is replaced under load: no call fails, and none is judged by half of each. */

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import type { HistoryRecord } from "../../../src/audit/records.ts";
import type { DecisionEvent } from "../../../src/core/audit.ts";
import { call } from "../../support/client.ts";
import { startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { startReloadingService } from "../../support/reloading-service.ts";
import { startUpstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";

const CALLS = 1_000;
const RELOADS = 20;
const CALLERS = 8;

/** Policy n lets `work` be called, and of the tools `odd` and `even` the one that n is. */
function policy(n: number): string {
  const denied = n % 2 === 0 ? "odd" : "even";
  return `policy_id: p\nversion: "${n}"\ndefault: deny
allow_rules: [{ tool: "*" }]
deny_rules: [{ tool: ${denied} }]\n`;
}

test("1,000 calls pass during 20 reloads, each judged by one policy from end to end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "impedance-reload-"));
  const file = join(folder, "policy.yaml");
  await writeFile(file, policy(0));
  const events: DecisionEvent[] = [];
  const notes: HistoryRecord[] = [];
  const service = await startReloadingService(file, {
    note: (record) => notes.push(record) > 0,
    onDecision: (event) => events.push(event),
  });
  await using upstream = await startUpstream(async ({ request, json }) => {
    json(toolResult(JSON.parse(String(await request.whole)).id, "done"));
  });
  const port = { port: service.grpcPort };
  await using gateway = await startGateway({
    upstreams: [{ id: "files", url: upstream.url }],
    service: port,
  });
  try {
    const statuses = new Map<string, number>();
    let sent = 0;
    const caller = async (): Promise<void> => {
      while (sent < CALLS || revisions(events).size <= RELOADS) {
        sent += 1;
        const tool = ["work", "odd", "even"][sent % 3] ?? "work";
        const reply = await call(gateway, { path: "/mcp", body: toolCall(sent, {}, tool) });
        const key =
          tool === "work"
            ? `work ${reply.status} ${reply.text.includes("done")}`
            : `${reply.status}`;
        statuses.set(key, (statuses.get(key) ?? 0) + 1);
      }
    };
    const reloads = async (): Promise<void> => {
      await waitFor("the first policy to decide", () => revisions(events).size > 0);
      for (let n = 1; n <= RELOADS; n += 1) {
        const known = revisions(events).size;
        await writeFile(`${file}.new`, policy(n));
        await rename(`${file}.new`, file);
        await waitFor("the new policy to decide", () => revisions(events).size > known);
      }
    };
    await Promise.all([reloads(), ...Array.from({ length: CALLERS }, caller)]);

    expect([...statuses.keys()].sort()).toEqual(["200", "work 200 true"]);
    expect(sent).toBeGreaterThanOrEqual(CALLS);
    expect(revisions(events).size).toBe(RELOADS + 1);
    // The log tells of each of them: what decided before, and what decides now.
    const policies = notes.filter((note) => note.kind === "policy_history");
    expect(policies.map(({ cause }) => cause)).toEqual(["start", ...Array(RELOADS).fill("reload")]);
    expect(policies.slice(1).map(({ old }) => old)).toEqual(
      policies.slice(0, -1).map((note) => note.new),
    );
    // The denied tool is the one that this very revision denies, and no other.
    const denied = Map.groupBy(
      events.filter(({ result }) => !result.allow),
      revisionOf,
    );
    for (const [, each] of denied) {
      expect(new Set(each.map(({ input }) => toolOf(input))).size).toBe(1);
    }
  } finally {
    await service.stop();
    await rm(folder, { recursive: true });
  }
});

function revisions(events: readonly DecisionEvent[]): ReadonlySet<string> {
  return new Set(events.map(revisionOf));
}

function revisionOf({ bundles }: DecisionEvent): string {
  return Object.values(bundles)[0]?.revision ?? "none";
}

function toolOf(input: unknown): unknown {
  return (input as { readonly message?: { readonly tool?: unknown } }).message?.tool;
}

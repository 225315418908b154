import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../../src/guard/paths/memory-store.ts";
import { createPathGuard } from "../../../src/guard/paths/path-guard.ts";
import { answerHead, createDataPath, headOf, sent } from "../../golden/data-path.ts";
import { SECRET, toolCall } from "../../support/messages.ts";

const PATHS = createPathGuard({
  key: randomBytes(32),
  store: createMemoryStore(),
  server: () => ({ roots: ["/srv/projects"], aliased: true }),
  keepExtension: true,
  publicPaths: [],
  contents: new Map(),
  ownPaths: [],
});

describe("more of anything than a function takes arguments", () => {
  const MANY = 200_000;

  async function answered(result: object) {
    const path = await createDataPath({
      policy: 'policy_id: all\nversion: "1.0"\ndefault: allow\n',
      dependencies: (real) => ({ ...real, paths: PATHS }),
    });
    const exchange = await sent(path, toolCall(7));
    exchange.responseHead(answerHead(200));
    const message = JSON.stringify({ jsonrpc: "2.0", id: 7, result });
    const verdict = await exchange.response(Buffer.from(message));
    return Buffer.from(verdict.kind === "forward" ? verdict.body : verdict.denial.body).toString();
  }

  test("paths in one text", async () => {
    const text = "/srv/projects/a ".repeat(MANY);
    const output = await answered({ content: [{ type: "text", text }] });
    expect(output).toContain("DIR_");
    expect(output).not.toContain("/srv/projects");
  });

  test("repeats of a secret in structured content", async () => {
    const other = JSON.stringify({ list: `${SECRET} `.repeat(50_000) });
    const output = await answered({
      content: [{ type: "text", text: SECRET }],
      structuredContent: { other },
    });
    expect(output).not.toContain(SECRET);
  });

  test("members that pretend to be ours", async () => {
    const members = Array.from({ length: MANY }, (_, index) => [`dev.impedance/${index}`, 1]);
    const keep = members.flatMap((member, index) => [member, [`x${index}`, 1]]);
    const output = await answered({ content: [], _meta: Object.fromEntries(keep) });
    expect(output).toContain('"x7"');
    expect(output).not.toContain("dev.impedance/1");
  });

  test("lines of an event that is edited", async () => {
    const content = JSON.stringify([{ type: "text", text: SECRET }]);
    const message = `{"jsonrpc":"2.0","id":7,"result":{"content":${content}}`;
    const lines = "data:\n".repeat(150_000);
    const exchange = await sent(await createDataPath(), toolCall(7));
    exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
    const event = Buffer.from(`data: ${message}\n${lines}data: }\n\n`);
    const output = Buffer.from((await exchange.streamChunk(event, true)).bytes).toString("utf8");
    expect(output).toContain("[REDACTED:");
    expect(output).not.toContain(SECRET);
  });
});

test("opaque values that nobody has time to unpack go into envelopes, and come out of them", async () => {
  let now = 0;
  const clock = { now: () => 0, monotonic: () => now };
  const path = await createDataPath({
    policy: 'policy_id: all\nversion: "1.0"\ndefault: allow\n',
    dependencies: (real) => ({
      ...real,
      clock,
      inspector: {
        ...real.inspector,
        inspect: (leaves, place) => {
          if (leaves.some(({ nature }) => nature === "opaque")) now += 100;
          return real.inspector.inspect(leaves, place);
        },
      },
    }),
  });
  const ids = Array.from({ length: 20 }, (_, index) => packed(`${index} ${"word ".repeat(99)}`));
  const tasks = ids.map((taskId) => ({ taskId, status: "working" }));
  const exchange = await sent(path, { jsonrpc: "2.0", id: 1, method: "tasks/list" });
  exchange.responseHead(answerHead(200));
  const answer = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tasks } });
  const verdict = await exchange.response(Buffer.from(answer));
  if (verdict.kind !== "forward") throw new Error("it was denied");
  const shown = taskIdsIn(verdict.body);
  expect(shown.slice(0, 5)).toEqual(ids.slice(0, 5));
  expect(shown.slice(10).every((id) => id.startsWith("sealed1_"))).toBe(true);

  const asked = { jsonrpc: "2.0", id: 2, method: "tasks/get", params: { taskId: shown.at(-1) } };
  const back = path.firewall.open(headOf({}));
  await back.requestHead();
  const forwarded = await back.request(Buffer.from(JSON.stringify(asked)));
  const body = forwarded.kind === "forward" ? Buffer.from(forwarded.body).toString("utf8") : "";
  expect(body).toContain(JSON.stringify(ids.at(-1)));
});

function packed(text: string): string {
  return gzipSync(text).toString("base64");
}

function taskIdsIn(body: Uint8Array): readonly string[] {
  const { result } = JSON.parse(Buffer.from(body).toString("utf8"));
  return result.tasks.map(({ taskId }: { readonly taskId: string }) => taskId);
}

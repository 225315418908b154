import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import { defaultConfig } from "../../../src/config/load-config.ts";
import type { PolicyDecision } from "../../../src/core/policy.ts";
import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  headOf,
  sent,
} from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const KEY = { reference: "env:KEY", reveal: () => Buffer.alloc(32, 7) };

function aliasesWith(aliases: Partial<Config["aliases"]>): Pick<Config, "aliases"> {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  return { aliases: { ...config.value.aliases, ...aliases } };
}

const HEAD = headOf({});

const policyWith = (rule: string) => `
policy_id: obliging
version: "1"
default: deny
allow_rules: [{ tool: echo, ${rule} }]
`;
const CONCEALING = policyWith("alias: [/result/structuredContent/path, /result/nothing/there]");

async function answered(path: DataPath, content: object) {
  const exchange = await sent(path, toolCall(7, { path: "a" }));
  exchange.responseHead(answerHead(200));
  const result = { content: [{ type: "text", text: "see /srv/b" }], structuredContent: content };
  const verdict = await exchange.response(bytesOf({ jsonrpc: "2.0", id: 7, result }));
  if (verdict.kind === "deny") throw new Error("the answer was denied");
  return verdict.body;
}

async function contentOf(path: DataPath, content: object) {
  const { result } = JSON.parse(Buffer.from(await answered(path, content)).toString("utf8"));
  return result;
}

const lastEdits = (path: DataPath) =>
  path.decisions.at(-1)?.edits.map(({ pointer, action }) => `${action} ${pointer}`);
const ALIAS = /^FILE_[0-9a-z]+$/;

describe("an obligation to conceal paths", () => {
  test("conceals what it points at where a server's paths are shown, and nothing else", async () => {
    const path = await createDataPath({ policy: CONCEALING, config: aliasesWith({ key: KEY }) });
    const { structuredContent, content } = await contentOf(path, { path: "/srv/a/b.txt", n: 1 });
    expect(structuredContent.path).toMatch(ALIAS);
    expect(structuredContent.n).toBe(1);
    expect(content[0].text).toBe("see /srv/b");
    expect(lastEdits(path)).toEqual(["aliased /result/structuredContent/path"]);
  });

  test("is undone on the way back, for this caller at this server", async () => {
    const path = await createDataPath({ policy: CONCEALING, config: aliasesWith({ key: KEY }) });
    const { structuredContent } = await contentOf(path, { path: "/srv/a/b.txt" });
    const exchange = path.firewall.open({ ...HEAD });
    await exchange.requestHead();
    const verdict = await exchange.request(
      bytesOf(toolCall(8, { path: structuredContent.path, note: "x" })),
    );
    if (verdict.kind !== "forward") throw new Error("the call was denied");
    const forwarded = JSON.parse(Buffer.from(verdict.body).toString("utf8"));
    expect(forwarded.params.arguments.path).toBe("/srv/a/b.txt");
  });

  test.each([
    { title: "a text without a path", path: "hello" },
    { title: "a text", path: "two words" },
    { title: "a number", path: 4711 },
    { title: "a list", path: ["/srv/a"] },
  ])("blackens $title", async ({ path: value }) => {
    const path = await createDataPath({ policy: CONCEALING, config: aliasesWith({ key: KEY }) });
    const { structuredContent } = await contentOf(path, { path: value });
    expect(structuredContent.path).toBe("[REDACTED:policy]");
  });

  test("blackens a path where aliases would end with the run", async () => {
    const path = await createDataPath({ policy: CONCEALING });
    const { structuredContent } = await contentOf(path, { path: "/srv/a/b.txt" });
    expect(structuredContent.path).toBe("[REDACTED:policy]");
    expect(lastEdits(path)).toEqual(["redacted /result/structuredContent/path"]);
  });

  test("is done once where the server's paths are concealed anyway", async () => {
    const config = aliasesWith({ key: KEY, mode: "on" });
    const path = await createDataPath({ policy: CONCEALING, config });
    const obliged = await contentOf(path, { path: "/srv/a/b.txt" });
    const usual = await createDataPath({ policy: policyWith("audit: keys"), config });
    expect(obliged).toEqual(await contentOf(usual, { path: "/srv/a/b.txt" }));
  });

  test("blackens what it points at on the way to a server", async () => {
    const path = await createDataPath({
      decide: obliging("request", { alias: ["/params/arguments/path"] }),
      config: aliasesWith({ key: KEY }),
    });
    const exchange = path.firewall.open({ ...HEAD });
    await exchange.requestHead();
    const verdict = await exchange.request(bytesOf(toolCall(8, { path: "/srv/a" })));
    expect(Buffer.from(verdict.kind === "forward" ? verdict.body : []).toString()).toContain(
      '"path":"[REDACTED:policy]"',
    );
  });
});

function obliging(phase: "request" | "response", more: Partial<PolicyDecision["obligations"]>) {
  return (real: PolicyDecision, input: { readonly phase: string }): PolicyDecision =>
    input.phase === phase ? { ...real, obligations: { ...real.obligations, ...more } } : real;
}

describe("an obligation to pad", () => {
  test("rounds up the answer of a call where nothing else is padded", async () => {
    const path = await createDataPath({ policy: policyWith("pad: 'constant:1024'") });
    const body = await answered(path, { n: 1 });
    expect(body.length).toBe(1024);
    expect(JSON.parse(Buffer.from(body).toString("utf8")).id).toBe(7);
  });

  test.each([
    { own: 512, wanted: "constant:2048", length: 2048 },
    { own: 4096, wanted: "constant:2048", length: 4096 },
  ])("never shortens what is configured ($own, $wanted)", async ({ own, wanted, length }) => {
    const scheme = { kind: "constant", blockBytes: own } as const;
    const path = await createDataPath({
      policy: policyWith(`pad: '${wanted}'`),
      config: { padding: { scheme, jitterMaxMs: 0 } },
    });
    expect((await answered(path, { n: 1 })).length).toBe(length);
  });

  test("rounds up one event of a stream", async () => {
    const path = await createDataPath({ policy: policyWith("pad: 'step:256,1024'") });
    const exchange = await sent(path, toolCall(7, { path: "a" }));
    exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
    const note =
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}';
    const result = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}';
    const first = await exchange.streamChunk(Buffer.from(`data: ${note}\n\n`), false);
    expect(Buffer.from(first.bytes).toString()).toBe(`data: ${note}\n\n`);
    const last = await exchange.streamChunk(Buffer.from(`data: ${result}\n\n`), true);
    expect(last.bytes.length).toBe(256);
    expect(Buffer.from(last.bytes).toString()).toContain(result);
  });

  test("rounds up a request, where a rule says so of one", async () => {
    const pad = [{ kind: "constant", blockBytes: 2048 }] as const;
    const path = await createDataPath({ decide: obliging("request", { pad }) });
    const exchange = path.firewall.open({ ...HEAD });
    await exchange.requestHead();
    const verdict = await exchange.request(bytesOf(toolCall(8)));
    expect(verdict.kind === "forward" ? verdict.body.length : 0).toBe(2048);
  });
});

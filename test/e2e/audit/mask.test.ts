/** A mask policy of the bundle: built, loaded, and asked about each event of a running service. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { call } from "../../support/client.ts";
import { expectValid } from "../../support/decision-event.ts";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { toolCall, toolResult } from "../../support/messages.ts";
import { type ServeProcess, startServe } from "../../support/serve-process.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { waitFor } from "../../support/wait.ts";
import { impedance } from "../cli/command.ts";
import { type Author, createAuthor, policy } from "../cli/policy/author.ts";

const PAGE = readFileSync(
  fileURLToPath(new URL("../../../docs/decision-log.md", import.meta.url)),
  "utf8",
);
/** The example of the documentation. */
const MASK = /```rego\n(package system\.log[\s\S]*?)```/.exec(PAGE)?.[1] ?? "";
/** What is wrong with it only for some messages is not seen at load. */
const BREAKS = `${MASK}
mask contains "metrics" if input.input.message.tool == "breaks"

mask contains "/input/message/arguments" if input.input.message.tool == "sealed"
`;
const POLICY =
  'policy_id: p\nversion: "1"\ndefault: deny\nallow_rules: [{ tool: "*", audit: full }]\n';

let author: Author;
let upstream: Upstream;
let service: ServeProcess;
let gateway: Gateway;

beforeAll(async () => {
  author = await createAuthor({ "rules/mask.rego": BREAKS });
  const bundle = author.path("bundle.tar.gz");
  const built = await policy(["build", author.path("rules"), "-o", bundle]);
  expect(built).toMatchObject({ code: 0, stderr: "" });
  const keygen = ["log", "keygen", "--analyst", "--out", author.path("analyst.key")];
  expect(await impedance(keygen)).toMatchObject({ code: 0 });
  upstream = await startUpstream(async ({ request, json }) => {
    json(toolResult(JSON.parse(String(await request.whole)).id, "done"));
  });
  const analyst = `file:${author.path("analyst.key.pub")}`;
  const audit = `{ sink: file, file: ${author.path("log.jsonl")}, analyst_key: "${analyst}" }`;
  const config = `policy: { bundle: ${bundle} }\naudit: ${audit}\n`;
  service = await startServe({ config, policy: POLICY });
  gateway = await startGateway({ upstreams: [{ id: "files", url: upstream.url }], service });
});

afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await upstream.stop();
  await author[Symbol.asyncDispose]();
});

interface Line {
  readonly [field: string]: unknown;
  readonly input: { readonly [field: string]: unknown } | null;
}

let calls = 0;

/** Whole lines alone: the last one may be on its way. */
function decisions(): readonly Line[] {
  const lines = readFileSync(author.path("log.jsonl"), "utf8").split("\n").slice(0, -1);
  for (const line of lines) expectValid(line);
  const all: Line[] = lines.map((line) => JSON.parse(line));
  return all.filter(({ kind }) => kind === "decision");
}

/** Calls a tool; the client's answer, what reached the server, and the first line of the log. */
async function logged(tool: string, args: { readonly [name: string]: unknown }) {
  calls += 1;
  const seen = upstream.requests.length;
  const before = decisions().length;
  const reply = await call(gateway, { path: "/mcp", body: toolCall(calls, args, tool) });
  const body = JSON.parse(Buffer.from(reply.body).toString());
  const id = body.error?.data?.decision_id;
  // The log is written behind the decision.
  const line = await waitFor("the decision in the log", () =>
    decisions()
      .slice(before)
      .find(({ input, decision_id }) =>
        id === undefined ? input?.phase === "request" : decision_id === id,
      ),
  );
  const metrics = await fetch(`http://127.0.0.1:${service.adminPort}/metrics`);
  return {
    body,
    reached: upstream.requests.length > seen,
    line,
    metrics: await metrics.text(),
  };
}

describe("a mask of the bundle's own", () => {
  test("takes out of each event what it says, and the log tells which", async () => {
    const { body, line } = await logged("find", { customer: "C-1234", depth: 2 });
    expect(body).toMatchObject({ result: { content: [{ text: "done" }] } });
    expect(line?.input).toMatchObject({ message: { arguments: { depth: 2 } } });
    expect(line).not.toHaveProperty("input.message.arguments.customer");
    expect(line).not.toHaveProperty("input.source.ip");
    expect(line?.erased).toEqual(
      expect.arrayContaining([
        "/input/message/arguments/customer",
        "/input/source/ip",
        "/sealed_arguments",
      ]),
    );
    expect(line).not.toHaveProperty("sealed_arguments");
    expect(line).toMatchObject({ policy_masked: "applied" });
  });

  test("puts what it says in the place of something else", async () => {
    const { line } = await logged("hr_raise", { depth: 1 });
    expect(line?.input).toMatchObject({ message: { tool: "hr" } });
    expect(line?.masked).toContain("/input/message/tool");
    expect(line).toHaveProperty("sealed_arguments");
  });

  test("that fails denies the message, whose event then holds nothing of it", async () => {
    const { body, line, reached, metrics } = await logged("breaks", { depth: 1 });
    expect(body.error.data.reasons ?? [body.error.data]).toMatchObject([
      { code: "log_mask_failed" },
    ]);
    expect(reached).toBe(false);
    expect(line).toMatchObject({
      input: null,
      erased: ["/input"],
      policy_masked: "failed",
      result: { allow: false, reasons: [{ code: "log_mask_failed" }] },
    });
    expect(line).not.toHaveProperty("sealed_arguments");
    expect(metrics).toMatch(/mcp_denied_total\{reason="log_mask_failed"\} 1/);
  });

  test("leaves a log that is whole, and that a person can read", async () => {
    service.kill("SIGTERM");
    expect((await service.exited).code).toBe(0);
    const log = author.path("log.jsonl");
    expect(await impedance(["log", "verify", log])).toMatchObject({ code: 0 });
    const { code, stdout } = await impedance(["log", "tail", log]);
    expect(code).toBe(0);
    expect(stdout).toContain("tools/call hr");
    const rules = await author.write("policy.yaml", POLICY);
    const replayed = await policy(["replay", log, "--policy", rules, "--format", "json"]);
    expect(replayed.json).toMatchObject({ decisions: expect.any(Number), unreadable: 0 });
  });
});

describe("a bundle whose mask can never be right", () => {
  const ALWAYS = 'package system.log\n\nmask := ["/metrics"]\n';

  test("is not built", async () => {
    await using other = await createAuthor({ "mask.rego": ALWAYS });
    const output = other.path("bundle.tar.gz");
    const { code, stderr } = await policy(["build", other.folder, "-o", output]);
    expect(code).toBe(1);
    expect(stderr).toContain("data.system.log.mask: mask/0 is none");
  });

  test("while a mask that is right is linted without a word on it", async () => {
    const tests = `package system.log_test

import data.system.log

test_source if "/input/source/ip" in log.mask with input as {"input": {"message": {
	"tool": "hr_x",
	"arguments": {"customer": 1},
}}}
`;

    /** Many processes, one after the other, on a machine that may be busy. */
    vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
    await using other = await createAuthor({ "mask.rego": MASK, "mask_test.rego": tests });
    const { code, stdout } = await policy(["lint", other.folder]);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect((await policy(["test", other.folder])).code).toBe(0);
  });
});

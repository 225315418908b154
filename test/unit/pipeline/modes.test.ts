import { describe, expect, test } from "vitest";
import type { Verdict } from "../../../src/core/exchange.ts";
import type { PolicyDecision } from "../../../src/core/policy.ts";
import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  headOf,
  JSON_POST,
  sent,
} from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const HEAD = 'policy_id: modes\nversion: "1"\ndefault: deny\n';
const SHADOW = `${HEAD}modes: { servers: { files: shadow } }\n`;

async function ask(path: DataPath, body: object, server = "files"): Promise<Verdict> {
  const exchange = path.firewall.open(headOf({ server }));
  await exchange.requestHead();
  return exchange.request(bytesOf(body));
}

const call = (tool: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { name: tool, arguments: args },
});
const resultOf = (path: DataPath) => path.decisions.at(-1)?.result;
const codes = (path: DataPath) => [
  resultOf(path)?.reasons.map(({ code }) => code),
  resultOf(path)?.shadow?.map(({ code }) => code) ?? [],
];

describe("a server in shadow", () => {
  test("gets what its policy would deny, and the log says so", async () => {
    const path = await createDataPath({ policy: SHADOW });
    expect((await ask(path, call("shell"))).kind).toBe("forward");
    expect(codes(path)).toEqual([[], ["not_allowed"]]);
    expect((await ask(path, call("shell"), "other")).kind).toBe("deny");
    expect(codes(path)).toEqual([["not_allowed"], []]);
  });

  test("hides nothing from a listing, and no name", async () => {
    const path = await createDataPath({ policy: SHADOW });
    const exchange = await sent(path, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
    exchange.responseHead(answerHead(200));
    const tools = ["read", "shell"].map((name) => ({ name, inputSchema: {} }));
    const listing = bytesOf({ jsonrpc: "2.0", id: 1, result: { tools } });
    const listed = await exchange.response(listing);
    if (listed.kind === "deny") throw new Error("the listing was denied");
    expect(Buffer.from(listed.body)).toEqual(Buffer.from(listing));
    expect((await ask(path, call("shell"))).kind).toBe("forward");
    expect((await ask(path, call("unheard_of"))).kind).toBe("forward");
  });

  test("is kept from what the firewall itself refuses", async () => {
    const path = await createDataPath({ policy: SHADOW, limits: { jsonMaxDepth: 8 } });
    const deep = JSON.parse(`${"[".repeat(12)}${"]".repeat(12)}`);
    expect((await ask(path, call("read", { deep }))).kind).toBe("deny");
  });

  test("is kept from a secret that could not be taken out", async () => {
    const path = await createDataPath({
      policy: SHADOW,
      moreGuards: [
        {
          name: "secrets",
          request: ({ text }) =>
            text === "marked"
              ? [{ kind: "test", severity: "high", start: 0, end: 6, replacement: null }]
              : [],
        },
      ],
    });
    expect((await ask(path, call("read", { text: "marked" }))).kind).toBe("deny");
    expect(codes(path)).toEqual([["secret_left"], ["not_allowed"]]);
    expect((await ask(path, call("read", { text: "plain" }))).kind).toBe("forward");
  });
});

test("what would be denied has a line in the log, also where a rule wants none", async () => {
  const rules = "allow_rules: [{ tool: '*', audit: none }]\n";
  const tried = `${HEAD}${rules}deny_rules: [{ tool: shell, mode: shadow, audit: none }]\n`;
  const path = await createDataPath({ policy: tried });
  await ask(path, call("read"));
  expect(path.decisions).toHaveLength(0);
  await ask(path, call("shell"));
  expect(codes(path)).toEqual([[], ["policy_denied"]]);
});

describe("an obligation", () => {
  const withObligations = (obligations: Partial<PolicyDecision["obligations"]>) =>
    createDataPath({
      decide: (real, { phase }) =>
        phase === "request" && real.allow
          ? { ...real, obligations: { ...real.obligations, ...obligations } }
          : real,
    });

  test("to ask a person denies, since nobody is there to be asked", async () => {
    const terms = { calls: null, minutes: null, by: null };
    const asked = [{ rule: "mcp.rules.two_eyes", message: "Agree?", ...terms }];
    const path = await withObligations({ approve: { asked, granted: [] } });
    const verdict = await ask(path, toolCall(7));
    expect(verdict.kind).toBe("deny");
    expect(codes(path)).toEqual([["approval_required"], []]);
  });

  test("to set headers is done for every message of a batch", async () => {
    const path = await createDataPath({
      decide: (real, { message }) => {
        const headers = message.arguments.n === 2 ? { "x-second": "yes" } : {};
        return { ...real, obligations: { ...real.obligations, headers } };
      },
    });
    const exchange = path.firewall.open(
      headOf({ headers: { ...JSON_POST, "mcp-protocol-version": "2025-03-26" } }),
    );
    await exchange.requestHead();
    const batch = [1, 2].map((n) => ({ ...call("read", { n }), id: n }));
    const verdict = await exchange.request(bytesOf(batch));
    expect(verdict.kind === "forward" ? verdict.headers.set : []).toContainEqual([
      "x-second",
      "yes",
    ]);
  });

  test("to ask nobody lets pass", async () => {
    const path = await withObligations({ approve: null });
    expect((await ask(path, toolCall(7))).kind).toBe("forward");
  });

  test("to set headers sets them on the request", async () => {
    const path = await withObligations({ headers: { "x-team": "blue" } });
    const verdict = await ask(path, toolCall(7));
    expect(verdict.kind === "forward" ? verdict.headers.set : []).toContainEqual([
      "x-team",
      "blue",
    ]);
  });
});

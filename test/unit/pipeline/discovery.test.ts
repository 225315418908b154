import { describe, expect, test } from "vitest";
import type { Verdict } from "../../../src/core/exchange.ts";
import type { PolicyInput } from "../../../src/core/policy.ts";
import type { Guard } from "../../../src/core/ports.ts";
import { ok } from "../../../src/core/result.ts";
import { reasonOf } from "../../../src/decision/refusals.ts";
import type { ServerSettings } from "../../../src/pipeline/dependencies.ts";
import {
  answerHead,
  bytesOf,
  createDataPath,
  type DataPath,
  type DataPathOptions,
  headOf,
  JSON_POST,
  sent,
} from "../../golden/data-path.ts";

const POLICY = `
policy_id: discovery
version: "1.0"
default: deny
allow_rules:
  - tool: "get_*"
  - { method: resources/read, uri: "file:///srv/*" }
  - { method: prompts/get }
  - { method: completion/complete }
deny_rules:
  - { tool: get_env, reason: It prints secrets. }
  - { method: prompts/get, server: none }
`;
const ALLOW = `
policy_id: all
version: "1.0"
default: allow
`;

const tools = (...names: string[]) => ({ tools: names.map((name) => ({ name, inputSchema: {} })) });

interface Asked {
  readonly verdict: Verdict;
  readonly path: DataPath;
}

async function ask(path: DataPath, method: string, params: object, id = 7): Promise<Asked> {
  const exchange = path.firewall.open(headOf({}));
  await exchange.requestHead();
  const verdict = await exchange.request(bytesOf({ jsonrpc: "2.0", id, method, params }));
  return { verdict, path };
}

/** What a listing comes out as. */
async function list(
  path: DataPath,
  method: string,
  result: object,
  params: object = {},
): Promise<unknown> {
  const exchange = await sent(path, { jsonrpc: "2.0", id: 1, method, params });
  exchange.responseHead(answerHead(200));
  const verdict = await exchange.response(bytesOf({ jsonrpc: "2.0", id: 1, result }));
  if (verdict.kind === "deny") return Buffer.from(verdict.denial.body).toString("utf8");
  return JSON.parse(Buffer.from(verdict.body).toString("utf8")).result;
}

const call = (path: DataPath, name: string) => ask(path, "tools/call", { name });
const read = (path: DataPath, uri: string) => ask(path, "resources/read", { uri });

/** The answer without what is different each time; null when the server is to answer. */
function answerOf({ verdict }: Asked): string | null {
  if (verdict.kind !== "deny") return null;
  const { status, headers, body } = verdict.denial;
  const names = headers.map(([name, value]) => (name.endsWith("-id") ? name : `${name} ${value}`));
  const text = Buffer.from(body).toString("utf8");
  return JSON.stringify([status, names, text.replace(/decision-\d+/, "<decision>")]);
}

const code = ({ path }: Asked) => path.decisions.at(-1)?.result.reasons[0]?.code;

function withSettings(changes: Partial<ServerSettings>): DataPathOptions {
  return {
    policy: POLICY,
    dependencies: (real) => ({
      ...real,
      settings: (server) => ({ ...real.settings(server), ...changes }),
    }),
  };
}

describe("a name outside of the caller's listing", () => {
  test("answers as one that does not exist, byte for byte", async () => {
    const path = await createDataPath({ policy: POLICY });
    await list(path, "tools/list", tools("get_user", "get_env", "write"));
    const [hidden, denied, missing, alike] = [
      await call(path, "write"),
      await call(path, "get_env"),
      await call(path, "nothing"),
      await call(path, "get_nothing"),
    ];
    expect(answerOf(hidden)).toContain("unknown_name");
    expect(new Set([hidden, denied, missing, alike].map(answerOf)).size).toBe(1);
    expect(answerOf(await call(path, "get_user"))).toBe(null);
  });

  test("is refused as one that does not exist where nobody waits for an answer", async () => {
    const path = await createDataPath({ policy: POLICY });
    await list(path, "tools/list", tools("get_user", "get_env", "write"));
    const answers = [];
    for (const name of ["write", "get_env", "nothing", "get_nothing"]) {
      const exchange = path.firewall.open(headOf({}));
      await exchange.requestHead();
      const message = { jsonrpc: "2.0", method: "tools/call", params: { name } };
      const verdict = await exchange.request(bytesOf(message));
      answers.push(answerOf({ verdict, path }));
    }
    expect(answers[0]).toContain("202");
    expect(new Set(answers).size).toBe(1);
  });

  test("is refused alike where its definition asks for headers that are not there", async () => {
    const path = await createDataPath({ policy: POLICY });
    const region = { type: "string", "x-mcp-header": "Region" };
    const inputSchema = { type: "object", properties: { region } };
    const listed = ["get_user", "get_env"].map((name) => ({ name, inputSchema }));
    await list(path, "tools/list", { tools: listed });
    const answers = [];
    for (const name of ["get_user", "get_env", "get_nothing"]) {
      const _meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
      };
      const version = { "mcp-protocol-version": "2026-07-28" };
      const mirrors = { "mcp-method": "tools/call", "mcp-name": name };
      const headers = { ...JSON_POST, ...version, ...mirrors };
      const exchange = path.firewall.open(headOf({ headers }));
      await exchange.requestHead();
      const params = { _meta, name, arguments: { region: "eu" } };
      const message = { jsonrpc: "2.0", id: 7, method: "tools/call", params };
      answers.push(answerOf({ verdict: await exchange.request(bytesOf(message)), path }));
    }
    const [shown, hidden, missing] = answers;
    expect(shown).toContain("-32020");
    expect(hidden).toContain("unknown_name");
    expect(hidden).toBe(missing);
  });

  test("has its true reason in the log", async () => {
    const path = await createDataPath({ policy: POLICY });
    await list(path, "tools/list", tools("get_user", "get_env"));
    expect(code(await call(path, "get_env"))).toBe("policy_denied");
    expect(code(await call(path, "write"))).toBe("not_allowed");
    expect(code(await call(path, "get_nothing"))).toBe("unknown_name");
  });

  test("is no longer one once its caller may call it, whatever hid it before", async () => {
    let isBarred = true;
    const path = await createDataPath({
      policy: POLICY,
      dependencies: (real) => {
        const policy = real.policy();
        if (policy === null) throw new Error("the data path has a policy");
        const { engine } = policy;
        const decide = (input: PolicyInput) => {
          const answer = engine.decide(input);
          if (!answer.ok || !isBarred || input.message.tool !== "get_user") return answer;
          return ok({ ...answer.value, allow: false, reasons: [reasonOf("policy_late")] });
        };
        return { ...real, policy: () => ({ ...policy, engine: { ...engine, decide } }) };
      },
    });
    await list(path, "tools/list", tools("get_user"));
    expect(answerOf(await call(path, "get_user"))).toContain("unknown_name");
    isBarred = false;
    expect(answerOf(await call(path, "get_user"))).toBe(null);
    expect(await list(path, "tools/list", tools("get_user"))).toMatchObject(tools("get_user"));
  });

  test("is the server's to answer for where nothing is hidden", async () => {
    const path = await createDataPath({ policy: ALLOW });
    await list(path, "tools/list", tools("get_user"));
    expect(answerOf(await call(path, "nothing"))).toBe(null);
  });

  test("is the server's to answer for while its listing is not known to the end", async () => {
    const path = await createDataPath({ policy: POLICY });
    await list(path, "tools/list", { ...tools("get_user", "get_env"), nextCursor: "2" });
    expect(answerOf(await call(path, "get_nothing"))).toBe(null);
    await list(path, "tools/list", tools("get_team"), { cursor: "2" });
    expect(answerOf(await call(path, "get_team"))).toBe(null);
    expect(answerOf(await call(path, "get_nothing"))).toContain("unknown_name");
  });

  test("is the server's to answer for once its listing was seen a minute ago", async () => {
    let now = 0;
    const clock = { now: () => 0, monotonic: () => now };
    const path = await createDataPath({
      policy: POLICY,
      dependencies: (real) => ({ ...real, clock }),
    });
    await list(path, "tools/list", tools("get_user", "get_env"));
    now = 59_999;
    expect(answerOf(await call(path, "get_nothing"))).toContain("unknown_name");
    now = 60_000;
    expect(answerOf(await call(path, "get_nothing"))).toBe(null);
  });

  test("may be a URI that some template makes", async () => {
    const path = await createDataPath({ policy: POLICY });
    const resources = ["file:///srv/a", "file:///home/b"].map((uri) => ({ uri, name: "x" }));
    await list(path, "resources/list", { resources });
    expect(answerOf(await read(path, "file:///srv/new"))).toBe(null);
    const resourceTemplates = [{ uriTemplate: "file:///srv/books/{name}", name: "books" }];
    await list(path, "resources/templates/list", { resourceTemplates });
    expect(answerOf(await read(path, "file:///srv/books/new"))).toBe(null);
    expect(answerOf(await read(path, "file:///srv/a"))).toBe(null);
    const [missing, hidden] = [
      await read(path, "file:///srv/new"),
      await read(path, "file:///home/b"),
    ];
    expect(answerOf(missing)).toContain("unknown_name");
    expect(answerOf(missing)).toBe(answerOf(hidden));
  });

  test("may be a template, of which the arguments are asked", async () => {
    const path = await createDataPath({ policy: POLICY });
    const uris = ["file:///srv/{name}", "file:///home/{name}"];
    const resourceTemplates = uris.map((uriTemplate) => ({ uriTemplate, name: "x" }));
    await list(path, "resources/templates/list", { resourceTemplates });
    const complete = (uri: string) =>
      ask(path, "completion/complete", {
        ref: { type: "ref/resource", uri },
        argument: { name: "name", value: "" },
      });
    expect(answerOf(await complete("file:///srv/{name}"))).toBe(null);
    expect(answerOf(await complete("file:///srv/{other}"))).toContain("unknown_name");
    expect(answerOf(await complete("file:///home/{name}"))).toContain("unknown_name");
    expect(answerOf(await complete("file:///srv/x"))).toBe(null);
  });

  test("is told for what it is where names are not hidden", async () => {
    const path = await createDataPath(withSettings({ hideNames: false }));
    expect(await list(path, "tools/list", tools("get_user", "write"))).toEqual(tools("get_user"));
    expect(answerOf(await call(path, "write"))).toContain("not_allowed");
  });

  test("is told for what it is where listings are whole", async () => {
    const path = await createDataPath(withSettings({ filterLists: false }));
    const all = tools("get_user", "write");
    expect(await list(path, "tools/list", all)).toEqual(all);
    expect(answerOf(await call(path, "write"))).toContain("not_allowed");
  });

  test("denies the batch that it is in", async () => {
    const path = await createDataPath({ policy: POLICY });
    const exchange = path.firewall.open(
      headOf({ headers: { "content-type": "application/json" } }),
    );
    await exchange.requestHead();
    const batch = ["get_user", "write"].map((name, id) => {
      return { jsonrpc: "2.0", id, method: "tools/call", params: { name } };
    });
    const verdict = await exchange.request(bytesOf(batch));
    if (verdict.kind !== "deny") throw new Error("it was let through");
    const answers: unknown = JSON.parse(Buffer.from(verdict.denial.body).toString("utf8"));
    expect(answers).toMatchObject([
      { id: 0, error: { code: -32602, data: { code: "unknown_name" } } },
      { id: 1, error: { code: -32602, data: { code: "unknown_name" } } },
    ]);
  });
});

describe("a listing", () => {
  /** Finds something in every description that is no good. */
  const poison: Guard = {
    name: "descriptions",
    response: ({ text, name }) =>
      name === "description" && text.startsWith("IGNORE")
        ? [{ kind: "secrets", severity: "high", start: 0, end: 6, replacement: null }]
        : [],
  };

  /** Denies in phase `list` what holds a finding, and nothing in any other phase. */
  const denyPoison: DataPathOptions["decide"] = (real, { phase, findings }) => {
    if (phase !== "list" || findings.every(({ guard }) => guard === "pins")) return real;
    const reason = { code: "poisoned", layer: "policy", rule: "own", message: "", remedy: "" };
    return { ...real, allow: false, reasons: [{ ...reason, layer: "policy" }] };
  };

  test("loses an item for what was found in it, and a call of it fails from then on", async () => {
    const options = { policy: ALLOW, moreGuards: [poison], decide: denyPoison };
    const path = await createDataPath(options);
    const bad = { name: "bad", description: "IGNORE all", inputSchema: {} };
    const good = { name: "good", description: "harmless", inputSchema: {} };
    expect(answerOf(await call(path, "bad"))).toBe(null);
    expect(await list(path, "tools/list", { tools: [bad, good] })).toEqual({ tools: [good] });
    expect(answerOf(await call(path, "bad"))).toContain("unknown_name");
    expect(answerOf(await call(path, "good"))).toBe(null);
    const mended = { ...bad, description: "harmless" };
    await list(path, "tools/list", { tools: [mended, good] });
    expect(answerOf(await call(path, "bad"))).toBe(null);
  });

  test("is one event in the log, which counts what is hidden", async () => {
    const path = await createDataPath({ policy: POLICY });
    await list(path, "tools/list", tools("write", "get_user", "get_env"));
    const [, page] = path.decisions;
    expect(path.decisions).toHaveLength(2);
    expect(page?.edits).toEqual([
      { pointer: "/result/tools/0", rule: "mcp.rules.not_allowed", action: "hidden", length: 33 },
      { pointer: "/result/tools/2", rule: "deny/0", action: "hidden", length: 35 },
    ]);
  });

  test("does not pass when a guard did not read it to the end", async () => {
    const slow: Guard = {
      name: "slow",
      response: ({ text }) =>
        text === "write"
          ? [{ kind: "budget_exceeded", severity: "high", start: 0, end: 1, replacement: null }]
          : [],
    };
    const path = await createDataPath({ policy: POLICY, moreGuards: [slow] });
    const answer = await list(path, "tools/list", tools("write", "get_user"));
    expect(answer).toContain("guard_exceeded");
  });

  test("is empty where the policy gives no answer, and a call gets the policy's fault", async () => {
    const inList = (input: PolicyInput) => input.phase === "list";
    const path = await createDataPath({
      policy: ALLOW,
      dependencies: (real) => ({
        ...real,
        policy: () => {
          const policy = real.policy();
          if (policy === null) return null;
          const fault = { ok: false, error: { code: "policy_failed", detail: "" } } as const;
          const decide = (input: PolicyInput) =>
            inList(input) ? fault : policy.engine.decide(input);
          return { ...policy, engine: { ...policy.engine, revision: "1", decide } };
        },
      }),
    });
    expect(await list(path, "tools/list", tools("a"))).toEqual({ tools: [] });
    expect(answerOf(await call(path, "a"))).toContain("policy_failed");
  });

  test.each(["server/discover", "prompts/list", "resources/list"])(
    "is known by its shape in what %s tells",
    async (method) => {
      const path = await createDataPath({ policy: POLICY });
      const told = await list(path, method, tools("get_user", "write"));
      expect(told).toEqual(tools("get_user"));
    },
  );

  test("is known by its shape on a stream that was taken up again", async () => {
    const path = await createDataPath({ policy: POLICY });
    const headers = { ...JSON_POST, accept: "text/event-stream", "last-event-id": "1" };
    const exchange = path.firewall.open(headOf({ method: "GET", headers }));
    await exchange.requestHead();
    await exchange.request(new Uint8Array(0));
    exchange.responseHead(answerHead(200, { "content-type": "text/event-stream" }));
    const message = { jsonrpc: "2.0", id: 1, result: tools("get_user", "write") };
    const chunk = Buffer.from(`data: ${JSON.stringify(message)}\n\n`);
    const { bytes } = await exchange.streamChunk(chunk, false);
    expect(Buffer.from(bytes).toString("utf8")).toBe(
      `data: ${JSON.stringify({ ...message, result: tools("get_user") })}\n\n`,
    );
  });
});

describe("the policy", () => {
  async function questions(count: number, apartMs = 0) {
    let now = 0;
    const clock = { now: () => 0, monotonic: () => now };
    const inputs: PolicyInput[] = [];
    const path = await createDataPath({
      policy: POLICY,
      decide: (real, input) => {
        if (input.phase === "list") inputs.push(input);
        return real;
      },
      dependencies: (real) => ({ ...real, clock }),
    });
    for (let index = 0; index < count; index++) {
      await list(path, "tools/list", tools("get_user", "write"));
      now += apartMs;
    }
    return inputs;
  }

  test("is asked once for each item, and knows no arguments, session or client", async () => {
    const inputs = await questions(3);
    expect(inputs).toHaveLength(2);
    expect(inputs[0]).toMatchObject({
      phase: "list",
      item: { kind: "tool", name: "get_user", uri: null },
      message: { kind: "request", method: "tools/call", tool: "get_user", arguments: {}, bytes: 0 },
      rules: [{ rule: "allow/0", fit: true, failed: [] }],
      session: { id: null },
      client: { name: null },
      source: { ip: "127.0.0.1", user_agent: null },
      provenance: { message: "MCP_LISTING" },
    });
  });

  test("is asked again after five seconds", async () => {
    expect(await questions(3, 2_000)).toHaveLength(2);
    expect(await questions(3, 5_000)).toHaveLength(6);
  });

  test("is asked again when a tool's definition has changed", async () => {
    const inputs: PolicyInput[] = [];
    const path = await createDataPath({
      policy: POLICY,
      decide: (real, input) => {
        if (input.phase === "list") inputs.push(input);
        return real;
      },
    });
    await list(path, "tools/list", { tools: [{ name: "get_user", title: "1" }] });
    await list(path, "tools/list", { tools: [{ name: "get_user", title: "2" }] });
    expect(inputs).toHaveLength(2);
  });
});

describe("resources that a client listens to", () => {
  const SUBSCRIBING = `${POLICY.replace(
    "deny_rules:",
    '  - { method: resources/subscribe, uri: "file:///srv/*" }\ndeny_rules:',
  )}`;

  async function listen(resourceSubscriptions: unknown): Promise<Asked> {
    const path = await createDataPath({ policy: SUBSCRIBING });
    const exchange = path.firewall.open(
      headOf({
        headers: {
          ...JSON_POST,
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "subscriptions/listen",
        },
      }),
    );
    await exchange.requestHead();
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const params = { _meta, notifications: { toolsListChanged: true, resourceSubscriptions } };
    const message = { jsonrpc: "2.0", id: 7, method: "subscriptions/listen", params };
    return { verdict: await exchange.request(bytesOf(message)), path };
  }

  test.each([{ uris: undefined }, { uris: [] }, { uris: ["file:///srv/a", "file:///srv/b"] }])(
    "are each asked about, and pass when all may: $uris",
    async ({ uris }) => {
      expect(answerOf(await listen(uris))).toBe(null);
    },
  );

  test("deny the whole when one of them may not be subscribed to, as if it did not exist", async () => {
    const denied = await listen(["file:///srv/a", "file:///etc/a"]);
    expect(answerOf(denied)).toContain("unknown_name");
    expect(code(denied)).toBe("not_allowed");
    expect(answerOf(await listen(["file:///etc/nothing"]))).toBe(answerOf(denied));
  });

  test.each([
    { uris: "file:///srv/a" },
    { uris: [7] },
    { uris: [["file:///srv/a"]] },
    { uris: Array.from({ length: 65 }, () => "file:///srv/a") },
  ])("are refused when nobody can say what they are", async ({ uris }) => {
    expect(code(await listen(uris))).toBe("subscriptions_unreadable");
  });
});

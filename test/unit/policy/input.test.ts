import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/core/finding.ts";
import { NO_TOOL_FACTS } from "../../../src/core/inventory.ts";
import type { ItemFact } from "../../../src/core/policy.ts";
import { createInputBuilder, type InputSubject } from "../../../src/policy/input.ts";
import { compilePortable } from "../../../src/policy/portable/compile.ts";
import { parsePortable } from "../../../src/policy/portable/parse.ts";
import { call, NOW, request, result, stillClock } from "./examples.ts";

const schema: object = JSON.parse(
  readFileSync(new URL("../../../rego/schemas/input.json", import.meta.url), "utf8"),
);
const validate = new Ajv({ strictTypes: false }).compile(schema);

const policy = parsePortable(
  `policy_id: t
version: "1"
default: deny
allow_rules:
  - { tool: read_*, constraints: { path: { type: string } } }
  - { method: sampling/createMessage, server: files }
`,
  "p.yaml",
);
const portable = policy.ok ? compilePortable(policy.value) : null;
const builder = createInputBuilder({
  engineRevision: "sha256:1",
  portable,
  roots: [
    { name: "projects", path: "/projects", servers: ["files"] },
    { name: "shared", path: "/shared" },
  ],
  clock: stillClock,
});

function build(subject: InputSubject) {
  const input = builder.build(subject);
  validate(JSON.parse(JSON.stringify(input)));
  expect(validate.errors).toBe(null);
  return input;
}

test("build tells all there is to tell of a call", () => {
  const subject = call("read_file", { path: "/projects/a.ts", n: 1 }, { sessionId: "s-1" });
  expect(build(subject)).toEqual({
    v: 1,
    phase: "request",
    facts: { complete: true, policy: "sha256:1" },
    message: {
      kind: "request",
      method: "tools/call",
      tool: "read_file",
      prompt: null,
      arguments: { path: "/projects/a.ts", n: 1 },
      truncated: [],
      bytes: subject.message.bytes,
      revision: "2025-11-25",
    },
    resource: { uri: null, scheme: null, ext: null },
    item: null,
    result: null,
    rules: [{ rule: "allow/0", fit: true, failed: [] }],
    patterns: {},
    paths: [
      {
        at: "/params/arguments/path",
        root: "projects",
        ext: "ts",
        traversal: false,
        sensitive: false,
      },
    ],
    findings: [],
    strings: { longest: 14, max_entropy: 0, raw_paths: 0, aliases: null },
    server: { id: "files" },
    tool: NO_TOOL_FACTS,
    principal: subject.principal,
    client: { name: "test", version: "1" },
    session: { id: "s-1", age_s: null, calls: null, denied: null, trust: null, threat: null },
    source: { ip: "127.0.0.1", spiffe: null, user_agent: "test/1" },
    limits: {},
    flow: [],
    grants: [],
    posture: {},
    provenance: expect.objectContaining({ message: "MCP_REQUEST", "principal.id": "NONE" }),
    time: { epoch_ms: NOW, weekday: 6, hour: 5, minute: 46, zone: "UTC" },
  });
});

test("build tells of a result its size, its types and whether it is an error", () => {
  const subject = result({
    content: [{ type: "text", text: "a" }, { type: "image" }, { type: "x".repeat(99) }, 7],
    isError: true,
    path: "/projects/../x",
  });
  expect(build(subject)).toMatchObject({
    phase: "response",
    result: {
      bytes: subject.message.bytes,
      types: ["text", "image", "other"],
      is_error: true,
      classification: null,
    },
    rules: [],
    paths: [],
    message: { arguments: {} },
  });
});

describe("what the inventory says", () => {
  const tool = {
    risk: "high",
    owner: "crew",
    side_effects: ["FS_READ", "FS_WRITE"],
    classification: "RESTRICTED",
    pinned: true,
    drifted: false,
  } as const;
  const inventory = { tool, mode: "enforce", provenance: "INVENTORY" } as const;

  test("of a tool is told of its call, with the mode and who vouches for it", () => {
    const input = build(call("read_file", {}, { inventory }));
    expect(input.tool).toEqual(tool);
    expect(input.posture).toEqual({ inventory: "enforce" });
    expect(input.provenance.tool).toBe("INVENTORY");
  });

  test("of what a tool returns is told of its result, and of its error", () => {
    const subject = { ...result({ content: [] }), inventory };
    expect(build(subject).result?.classification).toBe("RESTRICTED");
    const failed = { ...subject, message: { ...subject.message, kind: "error" } as const };
    expect(build(failed).result?.classification).toBe("RESTRICTED");
  });

  test("is nothing without an inventory", () => {
    const input = build(call("read_file", {}));
    expect(input.posture).toEqual({});
    expect(input.provenance.tool).toBeUndefined();
  });
});

describe("roots", () => {
  test.each([
    { server: "files", path: "/projects/a", root: "projects" },
    { server: "files", path: "/shared/a", root: "shared" },
    { server: "other", path: "/projects/a", root: null },
    { server: "other", path: "/shared/a", root: "shared" },
  ])("$path of $server lies under $root", ({ server, path, root }) => {
    const input = build(call("read_file", { path }, { server }));
    expect(input.paths[0]?.root).toBe(root);
    expect(input.strings.raw_paths).toBe(root === null ? 1 : 0);
  });
});

test.each([
  {
    uri: "file:///projects/a.MD",
    resource: { uri: "file:///projects/a.MD", scheme: "file", ext: "md" },
  },
  {
    uri: "https://user:secret@host/a/b.txt?token=1#x",
    resource: { uri: "https://host/a/b.txt", scheme: "https", ext: "txt" },
  },
  { uri: "HTTPS://a@b@host/", resource: { uri: "HTTPS://host/", scheme: "https", ext: null } },
  { uri: `demo://${"a".repeat(300)}.md`, resource: { uri: null, scheme: "demo", ext: "md" } },
  { uri: "no-scheme", resource: { uri: "no-scheme", scheme: null, ext: null } },
])("the resource of $uri is told without what may be secret", ({ uri, resource }) => {
  expect(build(request("resources/read", { uri })).resource).toEqual(resource);
});

test("what is dense counts in text, and not in opaque values", () => {
  const dense = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8-_abcdefghijklmnop";
  expect(build(call("t", { text: dense })).strings.max_entropy).toBeGreaterThan(5);
  const subject = call("t", { text: dense });
  const leaves = subject.leaves.map((leaf) => ({ ...leaf, nature: "opaque" as const }));
  expect(build({ ...subject, leaves }).strings).toMatchObject({ max_entropy: 0, longest: 45 });
});

test("findings that are still there come first and are not cut off", () => {
  const finding: Finding = {
    guard: "secrets",
    kind: "jwt",
    at: "/params/arguments/a",
    action: "redacted",
    severity: "high",
    length: 7,
    value: `hmac-sha256:${"0".repeat(64)}`,
  };
  const findings = [
    ...Array.from({ length: 300 }, () => finding),
    { ...finding, action: "found" as const },
  ];
  const input = build(call("t", {}, { findings }));
  expect(input.findings.length).toBe(256);
  expect(input.findings[0]).toEqual({
    guard: "secrets",
    kind: "jwt",
    at: "/params/arguments/a",
    action: "found",
    severity: "high",
  });
});

test("a name without end makes the facts incomplete", () => {
  expect(build(call("a".repeat(1025), {}))).toMatchObject({
    facts: { complete: false },
    message: { tool: null },
  });
});

test("what a peer says of itself is cut between characters, not within one", () => {
  const userAgent = `${"u".repeat(255)}😀`;
  expect(build(call("t", {}, { userAgent })).source.user_agent).toBe(`${"u".repeat(255)}\ufffd`);
});

test("what a peer says of itself is cut short", () => {
  const input = build(
    call(
      "t",
      {},
      { client: { name: "n".repeat(9999), version: null }, userAgent: "u".repeat(9999) },
    ),
  );
  expect([input.client.name?.length, input.source.user_agent?.length]).toEqual([256, 256]);
});

test.each([
  { method: "initialize", revision: "2025-11-25", told: true },
  { method: "tools/list", revision: "2025-11-25", told: false },
  { method: "tools/list", revision: "2026-07-28", told: true },
] as const)(
  "what the server may ask is told with $method of $revision: $told",
  ({ method, revision, told }) => {
    const subject = request(method, {});
    const input = build({ ...subject, message: { ...subject.message, revision } });
    const server_requests = {
      "sampling/createMessage": ["allow/1"],
      "elicitation/create": [],
      "roots/list": [],
    };
    expect(input.posture).toEqual(told ? { server_requests } : {});
  },
);

test("HTTP without a message is told by its kind alone", () => {
  const message = { ...call("t", {}).message, node: null, payload: null, tool: null, method: null };
  const input = build(call("t", {}, { message: { ...message, kind: "open_stream" }, leaves: [] }));
  expect(input).toMatchObject({ message: { kind: "open_stream", method: null }, rules: [] });
});

describe("an item of a listing", () => {
  const list = (method: string, params: object, item: ItemFact) =>
    build(request(method, params, { phase: "list", item, client: { name: null, version: null } }));

  test("is a call of which no more than the name is known", () => {
    const name = "read_file";
    const input = list("tools/call", { name }, { kind: "tool", name, uri: null });
    expect(input).toMatchObject({
      phase: "list",
      item: { kind: "tool", name, uri: null },
      message: { method: "tools/call", tool: name, arguments: {} },
      rules: [{ rule: "allow/0", fit: true, failed: [] }],
      posture: {},
      provenance: { message: "MCP_LISTING" },
    });
  });

  test("is told by its URI, and the path in it is judged", () => {
    const uri = "file:///projects/.ssh/id_rsa?key=1";
    const input = list("resources/read", { uri }, { kind: "resource", name: null, uri });
    expect(input.item).toEqual({
      kind: "resource",
      name: null,
      uri: "file:///projects/.ssh/id_rsa",
    });
    expect(input.paths).toMatchObject([{ root: "projects", sensitive: true }]);
  });

  test("is incomplete where its name is too long to be judged", () => {
    const name = "x".repeat(2000);
    const input = list("tools/call", { name }, { kind: "tool", name, uri: null });
    expect(input.item?.name).toBe(null);
    expect(input.facts.complete).toBe(false);
  });
});

test.each([
  { revision: "2026-07-28", resultType: "complete", type: "complete" },
  { revision: "2026-07-28", resultType: undefined, type: null },
  { revision: "2026-07-28", resultType: 7, type: "" },
  { revision: "2026-07-28", resultType: "x".repeat(129), type: "" },
  { revision: "2025-11-25", resultType: "acme", type: null },
] as const)("a result of $revision with the type $resultType is told as $type", (given) => {
  const subject = result({ content: [], resultType: given.resultType });
  const message = { ...subject.message, revision: given.revision };
  expect(build({ ...subject, message }).result?.type).toBe(given.type);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEventBuilder, type DecisionFacts } from "../../../src/audit/event.ts";
import type { DecisionEvent } from "../../../src/core/audit.ts";
import type { Json, PolicyInput } from "../../../src/core/policy.ts";
import { CANARIES } from "../../support/canaries.ts";
import { asLine, expectValid } from "../../support/decision-event.ts";
import { CLOCK, exampleFacts, exampleInput, SUBJECT_KEY } from "./example.ts";

const builder = createEventBuilder({
  clock: CLOCK,
  labels: { id: "one", version: "0.1.0" },
  subjectKey: SUBJECT_KEY,
});
const HASH = `hmac-sha256:${"0".repeat(64)}`;

/** Builds the event, and holds its line to the published schema. */
function build(facts: DecisionFacts): DecisionEvent {
  const event = builder.build(facts);
  expectValid(asLine(event));
  return event;
}

function inputOf(change: Partial<PolicyInput>): Record<string, Json> {
  const event = build(exampleFacts({ ...exampleInput(), ...change }));
  return JSON.parse(JSON.stringify(event.input));
}

test("events are dated to the millisecond, whichever way and however oddly the clock goes", () => {
  const times = [
    999, 1_000, 1_001, 999.9, 0, -1, -1_000, -1_001, 1_700_000_000_999.5, 253402300800000,
  ];
  let now = 0;
  const clock = { ...CLOCK, now: () => now };
  const dated = createEventBuilder({ clock, labels: {}, subjectKey: SUBJECT_KEY });
  const told = times.map((time) => {
    now = time;
    return dated.build(exampleFacts()).timestamp;
  });
  expect(told).toEqual(times.map((time) => new Date(time).toISOString()));
});

test("an event has the fields of OPA's decision log, and sizes in the place of values", () => {
  const { input, ...event } = build(exampleFacts());
  expect(event).toEqual({
    decision_id: "d-1",
    timestamp: "2026-07-28T10:00:01.234Z",
    labels: { id: "one", version: "0.1.0" },
    bundles: { "mcp/firewall": { revision: "sha256:abc" } },
    path: "mcp/firewall/decision",
    result: { allow: true, reasons: [] },
    erased: [],
    masked: ["/input/message/arguments/path", "/input/principal/id"],
    request_id: "11111111-2222-3333-4444-555555555555",
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    findings: [],
    edits: [],
    metrics: { timer_impedance_policy_ns: 5200 },
  });
  expect(input).toMatchObject({
    message: { method: "tools/call", tool: "read_file" },
    client: { name: "cli", version: "1.0.0" },
    source: { ip: "10.0.0.1", spiffe: null, user_agent: "node" },
  });
  expect(JSON.parse(JSON.stringify(input)).message.arguments).toEqual({ path: { $bytes: 12 } });
});

test("what rules in shadow would have denied stands beside the reasons", () => {
  const reason = {
    code: "high_entropy",
    layer: "policy",
    rule: "mcp.rules.high_entropy",
    message: "m",
    remedy: "r",
  } as const;
  const decision = { allow: true, reasons: [], shadow: [reason] };
  expect(build({ ...exampleFacts(), decision }).result).toEqual(decision);
});

test("what the inventory says is shown, and of a definition places and hashes alone", () => {
  const tool = {
    risk: "low",
    owner: "crew",
    side_effects: ["FS_READ"],
    classification: "INTERNAL",
    pinned: true,
    drifted: true,
  } as const;
  const posture = { inventory: "enforce", server_requests: {} };
  const long = "a very long key of a property that may hold anything at all, such as text";
  const notice = {
    kind: "drifted",
    index: 0,
    tool: "bad\u001bname",
    before: "sha256:1",
    after: null,
    diff: { added: [`/${long}`], removed: [], changed: ["/description"], cut: true },
    otherServer: null,
  } as const;
  const facts = exampleFacts({ ...exampleInput(), tool, posture });
  const { input, pins } = build({ ...facts, pins: [notice] });
  expect(input).toMatchObject({ tool, posture: { inventory: "enforce" } });
  expect(pins).toEqual([
    {
      kind: "drifted",
      tool: { $bytes: 8 },
      before: "sha256:1",
      after: null,
      other_server: null,
      diff: { added: [`/$key:${long.length}`], removed: [], changed: ["/description"], cut: true },
    },
  ]);
});

test("an exchange that no policy saw is recorded with its server alone", () => {
  const { input, bundles } = build({ ...exampleFacts(null), policyRevision: null });
  expect({ input, bundles }).toEqual({ input: { server: { id: "files" } }, bundles: {} });
});

test("reasons are kept word for word", () => {
  const reason = {
    code: "tool_banned",
    layer: "policy",
    rule: "mcp.rules.banned",
    message: "The tool is banned.",
    remedy: "Use another.",
  } as const;
  const { result } = build({ ...exampleFacts(), decision: { allow: false, reasons: [reason] } });
  expect(result).toEqual({ allow: false, reasons: [reason] });
});

describe("names that a peer chose", () => {
  test.each([
    { text: "read_file", shown: "read_file" },
    { text: "a".repeat(128), shown: "a".repeat(128) },
    { text: "a".repeat(129), shown: { $bytes: 129 } },
    { text: "two words", shown: { $bytes: 9 } },
    { text: "\u001b[2J", shown: { $bytes: 4 } },
    { text: "wörld", shown: { $bytes: 6 } },
    { text: "", shown: { $bytes: 0 } },
  ])("the tool “$text” is shown as $shown", ({ text, shown }) => {
    const { message } = inputOf({ message: { ...exampleInput().message, tool: text } });
    expect(message).toMatchObject({ tool: shown });
  });

  test.each([
    { text: "Claude Code/2.1 (linux; x64)", shown: { $bytes: 28 } },
    { text: "claude-code/2.1 (linux x64)", shown: "claude-code/2.1 (linux x64)" },
    { text: "x".repeat(65), shown: { $bytes: 65 } },
    { text: "x\n", shown: { $bytes: 2 } },
  ])("the client “$text” is shown as $shown", ({ text, shown }) => {
    const { client, source } = inputOf({
      client: { name: text, version: text },
      source: { ip: "::1", spiffe: null, user_agent: text },
    });
    expect(client).toEqual({ name: shown, version: shown });
    expect(source).toEqual({ ip: "::1", spiffe: null, user_agent: shown });
  });

  test.each([
    { key: "path", shown: "path" },
    { key: "maximum_result_count", shown: "maximum_result_count" },
    { key: "AKIAQWERTYUIOPASDFG1", shown: "$key:20" },
    { key: "line2", shown: "line2" },
    { key: "a b", shown: "$key:3" },
    { key: "__proto__", shown: "__proto__" },
  ])("the argument key “$key” is shown as $shown", ({ key, shown }) => {
    const values = Object.fromEntries([[key, 1]]);
    const message = { ...exampleInput().message, arguments: values };
    const event = build(exampleFacts({ ...exampleInput(), message }));
    const line = JSON.parse(asLine(event));
    expect(Object.entries(line.input.message.arguments)).toEqual([[shown, { $bytes: 1 }]]);
    expect(event.masked).toContain(`/input/message/arguments/${shown}`);
  });

  test("two keys that look alike once they are safe stay two", () => {
    const message = { ...exampleInput().message, arguments: { "a b": 1, "c d": "xy" } };
    expect(inputOf({ message }).message).toMatchObject({
      arguments: { "$key:3": { $bytes: 1 }, "$key:3#1": { $bytes: 2 } },
    });
  });

  test.each([
    { name: "tools/call", shown: "tools/call" },
    { name: "/srv/projects/app/a.ts", shown: { $bytes: 22 } },
    { name: "../app/a.ts", shown: { $bytes: 11 } },
    { name: "a.b/c-d_e", shown: "a.b/c-d_e" },
  ])("the method “$name” is shown as $shown", ({ name, shown }) => {
    const message = { ...exampleInput().message, method: name };
    expect(inputOf({ message }).message).toMatchObject({ method: shown });
  });

  test("a tool's name in a listing is shown unless it looks like a token", () => {
    const token = CANARIES["access key"];
    const notice = { kind: "changed", index: 0, before: null, after: null } as const;
    const pins = ["get_user_2", token, `x.${token}`].map((tool) => ({
      ...{ ...notice, tool, diff: null, otherServer: null },
    }));
    const shown = build({ ...exampleFacts(), pins }).pins?.map((pin) => Object(pin).tool);
    expect(shown).toEqual(["get_user_2", { $bytes: 20 }, { $bytes: 22 }]);
  });

  test("a pointer shows the steps that are names, and hides the others", () => {
    const at = "/params/arguments/AKIAQWERTYUIOPASDFG1/0/a~1b~0/ok";
    const safe = "/params/arguments/$key:20/0/$key:4/ok";
    const found = { guard: "secrets", kind: "k", at, action: "found", severity: "high" } as const;
    const event = build({
      ...exampleFacts({
        ...exampleInput(),
        findings: [found],
        paths: [{ at, root: null, ext: "e x", traversal: false, sensitive: true }],
        rules: [{ rule: "r", fit: false, failed: [{ at, check: "max" }] }],
        patterns: { p: [at] },
        message: { ...exampleInput().message, truncated: [at, "a b"] },
      }),
      findings: [{ ...found, length: 20, value: HASH }],
      edits: [{ pointer: at, rule: "secrets", action: "redact", length: 20 }],
    });
    expect(event.findings).toEqual([{ ...found, at: safe, length: 20, value: HASH }]);
    expect(event.edits[0]?.pointer).toBe(safe);
    expect(event.input).toMatchObject({
      findings: [{ at: safe }],
      paths: [{ at: safe, ext: { $bytes: 3 } }],
      rules: [{ failed: [{ at: safe }] }],
      patterns: { p: [safe] },
      message: { truncated: [safe, "$key:3"] },
    });
  });
});

describe("sizes", () => {
  test.each([
    { value: "héé", bytes: 5 },
    { value: 12.5, bytes: 4 },
    { value: null, bytes: 4 },
    { value: [], bytes: 2 },
    { value: ["a", true], bytes: 10 },
    { value: { a: { b: "c" } }, bytes: 15 },
    { value: { $bytes: 5000 }, bytes: 5000 },
    { value: { $bytes: -1 }, bytes: 13 },
    { value: ["x", { $bytes: 100 }], bytes: 106 },
  ])("$value counts $bytes bytes", ({ value, bytes }) => {
    const message = { ...exampleInput().message, arguments: { value } };
    expect(inputOf({ message }).message).toMatchObject({ arguments: { value: { $bytes: bytes } } });
  });
});

describe("subjects", () => {
  const known = exampleInput().principal;

  test("have a pseudonym in the place of their id, the same in each event", () => {
    const { principal } = inputOf({ principal: { ...known, id: "alice" } });
    expect(principal).toMatchObject({ id: builder.subject("alice") });
    expect(builder.subject("alice")).toMatch(/^hmac:[0-9a-f]{32}$/);
    expect(builder.subject("alice")).not.toBe(builder.subject("alicf"));
  });

  test("have another pseudonym under another key", () => {
    const options = { clock: CLOCK, labels: {}, subjectKey: Uint8Array.of(1) };
    expect(createEventBuilder(options).subject("a")).not.toBe(builder.subject("a"));
  });

  test("have their claims by key and size, their session and workload by pseudonym", () => {
    const event = build(
      exampleFacts({
        ...exampleInput(),
        principal: { ...known, claims: { email: "alice@example.com" } },
        session: { ...exampleInput().session, id: "session-1" },
        source: { ip: null, spiffe: "spiffe://a/b", user_agent: null },
      }),
    );
    expect(JSON.parse(JSON.stringify(event.input))).toMatchObject({
      principal: { claims: { email: { $bytes: 17 } } },
      session: { id: builder.subject("session-1") },
      source: { spiffe: builder.subject("spiffe://a/b") },
    });
    expect(event.masked).toEqual([
      "/input/message/arguments/path",
      "/input/principal/id",
      "/input/principal/claims/email",
      "/input/session/id",
      "/input/source/spiffe",
    ]);
  });
});

test("a resource's URI is erased, and its scheme and extension stay", () => {
  const resource = { uri: "file:///srv/secret/a.ts", scheme: "file", ext: "ts" };
  const event = build(exampleFacts({ ...exampleInput(), resource }));
  expect(event.erased).toEqual(["/input/resource/uri"]);
  expect(event.input).toMatchObject({ resource: { scheme: "file", ext: "ts" } });
  expect(event.input).not.toHaveProperty("resource.uri");
});

test.each([
  { requestId: "a b", traceId: "0AF7", shown: { request_id: null, trace_id: null } },
  {
    requestId: "r:1",
    traceId: "0".repeat(32),
    shown: { request_id: "r:1", trace_id: "0".repeat(32) },
  },
])("the ids $requestId and $traceId are shown as $shown", ({ requestId, traceId, shown }) => {
  expect(build({ ...exampleFacts(), requestId, traceId })).toMatchObject(shown);
});

test("no text of a peer is in the log by its value, unless it has the form of a name", () => {
  const marked = fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => `s3cret ${text}`);
  fc.assert(
    fc.property(marked, (text) => {
      const input = exampleInput();
      const event = build({
        ...exampleFacts({
          ...input,
          message: {
            ...input.message,
            method: text,
            tool: text,
            prompt: text,
            arguments: { a: text, b: { c: [text] }, [text]: text },
            truncated: [text],
          },
          resource: { uri: text, scheme: text, ext: text },
          result: {
            type: text,
            bytes: 1,
            types: [text, "text"],
            is_error: false,
            classification: null,
          },
          principal: { ...input.principal, id: text, claims: { sub: text, [text]: text } },
          client: { name: `${text};`, version: `${text};` },
          session: { ...input.session, id: text },
          source: { ip: null, spiffe: text, user_agent: `${text};` },
          flow: [{ at: `/params/arguments/${text}`, from: "crm", age_s: 1 }],
          posture: { [text]: text },
        }),
        requestId: text,
        traceId: text,
        findings: [
          {
            guard: "secrets",
            kind: "k",
            at: `/params/${text.replaceAll("~", "~0").replaceAll("/", "~1")}`,
            action: "found",
            severity: "high",
            length: 1,
            value: null,
          },
        ],
      });
      expect(asLine(event)).not.toContain("s3cret");
    }),
  );
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { REDACTED, SECRET, toolCall, toolResult } from "../../support/messages.ts";
import { impedance, startImpedance } from "./command.ts";

const POLICY = `
policy_id: scan
version: "1.0"
default: deny
allow_rules: [{ tool: "*" }]
deny_rules:
  - { tool: shell, reason: No shells. }
  - { tool: "*", server: bank, reason: Not the bank. }
`;

let folder: string;
let policy: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-scan-"));
  policy = join(folder, "policy.yaml");
  await writeFile(policy, POLICY);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Row {
  readonly allow: boolean;
  readonly reasons: readonly { readonly code: string }[];
  readonly findings: readonly { readonly kind: string; readonly action: string }[];
  readonly [key: string]: unknown;
}

/** What comes out for these lines; the text of the lines as it stands. */
async function scan(lines: readonly (object | string)[], args: readonly string[] = []) {
  const input = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  const ended = await impedance(["scan", ...args], input.map((line) => `${line}\n`).join(""));
  const texts = ended.stdout.split("\n").slice(0, -1);
  const rows: Row[] = texts.map((text) => JSON.parse(text));
  return { ...ended, texts, rows };
}

/** A row in short: its id, its answer, what was found and why it was denied. */
function inShort({ id, text, message, body, allow, reasons, findings }: Row) {
  return {
    id,
    answer: text ?? message ?? body,
    allow,
    reasons: reasons.map(({ code }) => code),
    findings: findings.map(({ kind, action }) => `${kind} ${action}`),
  };
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64");
const FOUND = ["aws-access-key-id redacted"];

describe("impedance scan", () => {
  test("answers each line in order, with its id, its key, and what was decided", async () => {
    const { code, stderr, rows } = await scan(
      [
        { id: 1, text: "hello" },
        { id: "two", text: `a ${SECRET} b` },
        { id: null, message: toolCall(7, { text: SECRET }) },
        { id: [4], message: toolCall(7, {}, "shell") },
        { id: 5, body: base64(toolCall(7, { text: SECRET })) },
        { text: "without an id" },
      ],
      ["--policy", policy],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(rows.map(inShort)).toEqual([
      { id: 1, answer: "hello", allow: true, reasons: [], findings: [] },
      { id: "two", answer: `a ${REDACTED} b`, allow: true, reasons: [], findings: FOUND },
      {
        id: null,
        answer: toolCall(7, { text: REDACTED }),
        allow: true,
        reasons: [],
        findings: FOUND,
      },
      {
        id: [4],
        answer: toolCall(7, {}, "shell"),
        allow: false,
        reasons: ["policy_denied"],
        findings: [],
      },
      {
        id: 5,
        answer: base64(toolCall(7, { text: REDACTED })),
        allow: true,
        reasons: [],
        findings: FOUND,
      },
      { id: null, answer: "without an id", allow: true, reasons: [], findings: [] },
    ]);
    expect(rows.map((row) => Object.keys(row))).toEqual(
      ["text", "text", "message", "message", "body", "text"].map((key) => [
        "id",
        key,
        "allow",
        "reasons",
        "findings",
      ]),
    );
  });

  test("reads what a server sends with --direction response", async () => {
    const { code, rows } = await scan(
      [
        { id: 1, text: `a ${SECRET}` },
        { id: 2, message: toolResult("any", SECRET) },
        { id: 3, message: { jsonrpc: "2.0", id: 1, method: "sampling/createMessage" } },
        { id: 4, body: base64([toolResult(1, "a"), toolResult(2, SECRET)]) },
      ],
      ["--direction", "response", "--policy", policy],
    );
    expect(code).toBe(0);
    expect(rows.map(inShort)).toMatchObject([
      { answer: `a ${REDACTED}`, allow: true, findings: FOUND },
      { answer: toolResult("any", REDACTED), allow: true, findings: FOUND },
      { allow: false, reasons: ["server_request_refused", "not_allowed"] },
      {
        answer: base64([toolResult(1, "a"), toolResult(2, REDACTED)]),
        allow: true,
        findings: FOUND,
      },
    ]);
  });

  test("changes no byte that need not change: big numbers, spelling, order", async () => {
    const message = String.raw`{"params":{"arguments":{"n":12345678901234567890123,"e":1.0E+2, "t":"\u00e9\/%"},"name":"x"},"id":98765432109876543210,"method":"tools/call","jsonrpc":"2.0"}`;
    const clean = message.replace("%", "-");
    const { texts } = await scan(
      [
        `{"id":12345678901234567890,"message":${clean}}`,
        `{"message":${message.replace("%", SECRET)},"id":1e400}`,
      ],
      ["--policy", policy],
    );
    expect(texts[0]).toMatch(`{"id":12345678901234567890,"message":${clean},"allow":true,`);
    expect(texts[1]).toMatch(
      `{"id":1e400,"message":${message.replace("%", REDACTED)},"allow":true,`,
    );
  });

  test("reads requests of the newest revision, which come without their headers here", async () => {
    const version = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
    const call = toolCall(1);
    const message = { ...call, params: { ...call.params, _meta: version } };
    const { rows } = await scan([{ id: 1, message }], ["--policy", policy]);
    expect(rows.map(inShort)).toEqual([
      { id: 1, answer: message, allow: true, reasons: [], findings: [] },
    ]);
  });

  test("says what is no message of MCP, with nothing in the cleaned one's place", async () => {
    const { code, rows } = await scan([
      { id: 1, message: { hello: 1 } },
      { id: 2, body: Buffer.from("{").toString("base64") },
      { id: 3, body: "" },
    ]);
    expect(code).toBe(0);
    expect(rows).toMatchObject([
      { id: 1, message: null, allow: false, reasons: [{ code: "invalid_request" }], findings: [] },
      { id: 2, body: null, allow: false, reasons: [{ code: "parse_error" }], findings: [] },
      { id: 3, body: null, allow: false, reasons: [{ code: "parse_error" }], findings: [] },
    ]);
  });

  test("answers a line that it cannot read with an error, goes on, and ends with 1", async () => {
    const { code, rows } = await scan([
      "nonsense",
      { id: 2 },
      { id: 3, text: 3 },
      { id: 4, body: "not base64!" },
      '{"id":5,"text":"a","text":"b"}',
      { id: 6, text: "fine" },
    ]);
    expect(code).toBe(1);
    expect(rows).toMatchObject([
      { id: null, error: expect.any(String), allow: false },
      { id: 2, error: expect.any(String), allow: false },
      { id: 3, error: expect.any(String), allow: false },
      { id: 4, error: expect.any(String), allow: false },
      { id: null, error: expect.any(String), allow: false },
      { id: 6, text: "fine" },
    ]);
  });

  test("reads a line as bytes: U+2028 ends none, and what is no UTF-8 is an error", async () => {
    const odd = Buffer.concat([
      Buffer.from('{"id":2,"text":"'),
      Buffer.of(0xff),
      Buffer.from('"}\n'),
    ]);
    const input = Buffer.concat([Buffer.from('{"id":1,"text":"a\u2028b"}\r\n'), odd]);
    const { code, stdout } = await impedance(["scan"], input);
    const rows: Row[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(1);
    expect(rows).toMatchObject([
      { id: 1, text: "a\u2028b" },
      { id: null, error: expect.any(String) },
    ]);
  });

  test.each([
    { title: "nothing", input: "" },
    { title: "blank lines", input: "\n \r\n\t\n" },
  ])("answers $title with nothing", async ({ input }) => {
    expect(await impedance(["scan"], input)).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("reads a last line that no line break ends", async () => {
    const { stdout } = await impedance(["scan"], '{"id":1,"text":"a"}');
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, text: "a" });
  });

  test("runs the guards named with --guards, and no other", async () => {
    const line = { id: 1, text: SECRET };
    const limits = await scan([line], ["--guards", "limits", "--policy", policy]);
    expect(limits.rows.map(inShort)).toMatchObject([{ answer: SECRET, findings: [] }]);
    const both = await scan([line], ["--guards", "limits, secrets", "--policy", policy]);
    expect(both.rows.map(inShort)).toMatchObject([{ answer: REDACTED, findings: FOUND }]);
  });

  test("names the server that rules are about with --server", async () => {
    const { rows } = await scan([{ id: 1, text: "a" }], ["--server", "bank", "--policy", policy]);
    expect(rows).toMatchObject([
      { allow: false, reasons: [{ code: "policy_denied", message: "Not the bank." }] },
    ]);
  });

  test("denies a call where no policy allows it", async () => {
    const { rows } = await scan([{ id: 1, text: "a" }]);
    expect(rows).toMatchObject([{ text: "a", allow: false, reasons: [{ code: "not_allowed" }] }]);
  });

  test("takes thousands of lines, in one process and in order", async () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => ({
      id: index,
      text: index % 100 === 0 ? `line ${index} ${SECRET}` : `line ${index}`,
    }));
    const { code, rows } = await scan(lines, ["--policy", policy]);
    expect(code).toBe(0);
    expect(rows.map(({ id, text }) => ({ id, text }))).toEqual(
      lines.map(({ id, text }) => ({ id, text: text.replace(SECRET, REDACTED) })),
    );
  });

  test("answers each line as soon as it is read", async () => {
    await using command = startImpedance(["scan"]);
    command.child.stdin?.write('{"id":1,"text":"a"}\n');
    await expect.poll(command.stdout).toMatch(/^\{"id":1,.*\}\n$/);
    command.child.stdin?.end();
    expect(await command.ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("ends quietly when nobody reads on, as behind head", async () => {
    await using command = startImpedance(["scan"]);
    const line = `${JSON.stringify({ id: 1, text: "a".repeat(1_000) })}\n`;
    command.child.stdin?.write(line.repeat(2_000));
    await expect.poll(command.stdout).not.toBe("");
    command.child.stdout?.destroy();
    expect(await command.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

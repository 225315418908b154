import { expect, test } from "vitest";
import { call, scan } from "../../support/scan.ts";

const HARMLESS = "AKIAQWERTYUIOPASDFG2";
const SECRET = "AKIAQWERTYUIOPASDFG3";
const MARK = "[REDACTED:aws-access-key-id]";
const KEYED = "audit: { subject_key: file:subject.key }\n";
const KEY = { "subject.key": "k".repeat(32) };
const POINTER = "/params/arguments/content";

/** What a person reads of the alarm, without seeing the value. */
async function findingOf(token: string, key = KEY) {
  const files = { config: KEYED, others: key };
  const { answers } = await scan(files, [call("read_file", token)]);
  return answers[0].findings[0];
}

/** What is left of calls of `read_file` and `write_file` on the server `files`, and of one more. */
async function contentsWith(entry: object, ...args: readonly string[]) {
  const both = `${HARMLESS} ${SECRET}`;
  const lines = [call("read_file", both), call("write_file", both), call("read_file", [both])];
  const config = `${KEYED}allow: [${JSON.stringify(entry)}]\n`;
  const server = args.length === 0 ? ["--server", "files"] : args;
  const { answers, errors } = await scan({ config, others: KEY }, lines, ...server);
  expect(errors).toBe("");
  return answers.map(({ message }) => [message.params.arguments.content].flat()[0]);
}

const REDACTED = `${MARK} ${MARK}`;
const PASSED = `${HARMLESS} ${MARK}`;

test("the hash of a false alarm's finding lets that value pass, and no other", async () => {
  const finding = await findingOf(HARMLESS);
  expect(finding).toEqual({
    guard: "secrets",
    kind: "aws-access-key-id",
    at: POINTER,
    action: "redacted",
    severity: "high",
    length: HARMLESS.length,
    value: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/),
  });
  const { value } = finding;
  expect(await contentsWith({ value })).toEqual([PASSED, PASSED, PASSED]);

  const config = `${KEYED}allow: [{ value: "${value}" }]\n`;
  const line = call("read_file", HARMLESS);
  const { answers } = await scan({ config, others: KEY }, [line]);
  expect(answers).toEqual([{ ...line, allow: true, reasons: [], findings: [] }]);
});

test("an entry goes no further than each of its fields", async () => {
  const { value } = await findingOf(HARMLESS);
  const rule = "secrets/aws-access-key-id";
  const all = { rule, server: "files", tool: "read_*", pointer: POINTER, value };
  const contents = await Promise.all([
    contentsWith(all),
    contentsWith({ tool: "read_*", value }),
    contentsWith({ pointer: POINTER, value }),
    contentsWith({ rule: "secrets/jwt", value }),
    contentsWith({ server: "files", value }, "--server", "web"),
  ]);
  expect(contents).toEqual([
    [PASSED, REDACTED, REDACTED],
    [PASSED, REDACTED, PASSED],
    [PASSED, PASSED, REDACTED],
    [REDACTED, REDACTED, REDACTED],
    [REDACTED, REDACTED, REDACTED],
  ]);
});

test("another key makes other hashes, and none at all makes none", async () => {
  const { value } = await findingOf(HARMLESS, { "subject.key": "o".repeat(32) });
  expect(await contentsWith({ value })).toEqual(Array(3).fill(REDACTED));

  const { answers } = await scan({}, [call("read_file", HARMLESS)]);
  expect(answers).toMatchObject([{ findings: [{ value: null }] }]);
  const { errors, code } = await scan({ config: `allow: [{ value: "${value}" }]` }, []);
  expect(errors).toContain("allow.0.value cannot be compared without a key");
  expect(code).not.toBe(0);
});

test("no entry lets a message pass that the guards could not read to its end", async () => {
  const config = `
limits: { guard_budget_ms: 1 }
allow: [{ rule: "*/*" }, { rule: limits/budget_exceeded }, { server: "*" }]
`;
  const { answers } = await scan({ config }, [call("read_file", "a b ".repeat(200_000))]);
  expect(answers).toMatchObject([
    {
      allow: false,
      reasons: [{ code: "guard_exceeded" }],
      findings: [{ guard: "limits", kind: "budget_exceeded", value: null }],
    },
  ]);
});

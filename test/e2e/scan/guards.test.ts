import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALLOW, call, scan } from "../../support/scan.ts";

const EXAMPLE = resolve("docs/examples/guard-plugin.ts");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-scan-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("the example plugin cleans results, and reports what clients send", async () => {
  const config = `plugins: [{ module: ${EXAMPLE}, options: { prefix: ACME } }]`;
  const lines = [{ id: 1, text: "see ACME-42" }];
  const result = await scan({ config }, lines, "--direction", "response");
  expect(result.answers).toMatchObject([
    { text: "see [TICKET]", allow: true, findings: [{ guard: "tickets", action: "redacted" }] },
  ]);
  const request = await scan({ config }, lines);
  expect(request.answers).toMatchObject([
    { text: "see ACME-42", allow: true, findings: [{ guard: "tickets", action: "found" }] },
  ]);
});

test("a plugin that refuses its options stops the start, beside the policy's mistakes", async () => {
  const config = `plugins: [{ module: ${EXAMPLE} }]`;
  const { errors, code } = await scan({ config, policy: "version: 1" }, []);
  expect(errors).toContain("options.prefix is up to 16 capital letters");
  expect(errors).toContain("policy_id is missing");
  expect(code).not.toBe(0);
});

test("a plugin that throws denies the message, and the next line is judged", async () => {
  const module = join(folder, "throwing.mjs");
  const body = 'if (text === "bad") throw new Error("bug"); return [];';
  const source = `export const createGuard = () => ({ name: "t", request({ text }) { ${body} } });`;
  await writeFile(module, source);
  const lines = ["bad", "good"].map((line, id) => ({ id, text: line }));
  const { answers, errors } = await scan({ config: `plugins: [{ module: ${module} }]` }, lines);
  expect(answers).toMatchObject([
    { allow: false, reasons: [{ code: "guard_fault", layer: "firewall" }] },
    { allow: true },
  ]);
  expect(errors).toContain("guard t: bug");
});

test("personal data passes unless it is switched on, by configuration or by name", async () => {
  const lines = [{ id: 1, text: "ana@example.com" }];
  const texts = async (...args: Parameters<typeof scan>) =>
    (await scan(...args)).answers.map((answer) => answer.text);
  expect(await texts({}, lines)).toEqual(["ana@example.com"]);
  expect(await texts({ config: "pii: { enabled: true }" }, lines)).toEqual(["[REDACTED_EMAIL]"]);
  expect(await texts({}, lines, "--guards", "pii")).toEqual(["[REDACTED_EMAIL]"]);
});

test("a card as a JSON number cannot be masked, and is denied", async () => {
  const config = "pii: { enabled: true }";
  const { answers } = await scan({ config }, [call("pay", 4111111111111111)]);
  expect(answers).toMatchObject([{ allow: false, reasons: [{ code: "personal_data_left" }] }]);
});

test("redact of the portable policy masks e-mails and named values", async () => {
  const redact = "redact: { enabled: true, deny_keys: [pin], pii_emails: true }\n";
  const lines = [call("send", { pin: "1234", to: "ana@example.com, pin=77 +1 415 555 2671" })];
  const { answers } = await scan({ policy: ALLOW + redact }, lines);
  expect(JSON.stringify(answers[0].message.params.arguments.content)).toBe(
    '{"pin":"[REDACTED]","to":"[REDACTED_EMAIL], pin=[REDACTED] +1 415 555 2671"}',
  );
  expect(answers[0].allow).toBe(true);
});

test("redact is refused where no guard would do it", async () => {
  const redact = "redact: { enabled: true, pii_emails: true }\n";
  const files = { config: "guards: [limits, secrets]", policy: ALLOW + redact };
  const { errors, code } = await scan(files, []);
  expect(errors).toContain("the policy's redact needs the guard pii");
  expect(code).not.toBe(0);
});

test("detect_attacks is refused where no guard would do it", async () => {
  const detect = "detect_attacks: { enabled: true }\n";
  const files = { config: "guards: [limits, secrets]", policy: ALLOW + detect };
  const { errors, code } = await scan(files, []);
  expect(errors).toContain("the policy's detect_attacks needs the guard attacks");
  expect(code).not.toBe(0);
});

test("a mark that comes back to a tool that writes is denied with a remedy", async () => {
  const lines = [call("write_file", "TOKEN=[REDACTED:github-token]"), call("grep", "[REDACTED:x]")];
  const { answers } = await scan({}, lines);
  expect(answers).toMatchObject([
    {
      allow: false,
      reasons: [{ code: "redaction_mark", remedy: expect.stringMatching(/^Edit in place/) }],
    },
    { allow: true },
  ]);
});

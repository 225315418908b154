import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";

const EXAMPLE = resolve("docs/examples/guard-plugin.ts");
const ALLOW = 'policy_id: t\nversion: "1"\ndefault: allow\nallow_rules: [{ method: "*" }]\n';

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-scan-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What `impedance scan` makes of the lines, with these files for configuration and policy. */
async function scan(
  files: { readonly config?: string; readonly policy?: string },
  lines: readonly unknown[],
  ...args: readonly string[]
) {
  const options = [...args];
  for (const [name, content] of Object.entries({ policy: ALLOW, ...files })) {
    const path = join(folder, `${name}-${Math.random()}.yaml`);
    await writeFile(path, content);
    options.push(`--${name}`, path);
  }
  const child = spawn(process.execPath, ["src/main.ts", "scan", ...options]);
  child.stdin.end(lines.map((line) => JSON.stringify(line)).join("\n"));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, "exit");
  const answers = output
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { answers, errors, code: child.exitCode };
}

function call(name: string, content: unknown) {
  const params = { name, arguments: { path: "a", content } };
  return { id: 1, message: { jsonrpc: "2.0", id: 1, method: "tools/call", params } };
}

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

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { formatConfigError } from "../../../src/config/config-error.ts";
import { loadConfig } from "../../../src/config/load-config.ts";

const KEY = "0123456789abcdef-s3cret";
const folder = mkdtempSync(join(tmpdir(), "impedance-secret-"));
const file = join(folder, "impedance.yaml");
writeFileSync(join(folder, "key"), `${KEY}\n`);
writeFileSync(join(folder, "short"), "0123456789abcde\n");
writeFileSync(join(folder, "large"), "x".repeat(64 * 1024 + 1));
afterAll(() => rmSync(folder, { recursive: true }));

function loadKey(reference: string) {
  const text = `audit: { subject_key: ${JSON.stringify(reference)} }`;
  return loadConfig(text, file, { AUDIT_KEY: KEY, IMPEDANCE_AUDIT_KEY: KEY });
}

test.each(["env:AUDIT_KEY", "env:IMPEDANCE_AUDIT_KEY", "file:key", `file:${join(folder, "key")}`])(
  "%s leads to the secret, which is shown only when asked for",
  (reference) => {
    const config = loadConfig(`audit: { subject_key: "${reference}" }`, file, {
      [reference.slice(4)]: KEY,
    });
    const secret = config.ok ? config.value.audit.subjectKey : null;
    expect(Buffer.from(secret?.reveal() ?? []).toString()).toBe(KEY);
    expect(JSON.stringify(config)).toContain(JSON.stringify({ reference }));
    expect(JSON.stringify(config)).not.toContain("s3cret");
  },
);

test.each([
  { reference: KEY, problem: "is not of the form needed here" },
  { reference: "env:0", problem: "is not of the form needed here" },
  { reference: "env:ABSENT", problem: "refers to the variable ABSENT, which is not set" },
  { reference: "env:toString", problem: "refers to the variable toString, which is not set" },
  { reference: "file:absent", problem: "refers to a file that cannot be read (ENOENT)" },
  { reference: "file:.", problem: "something other than a file of at most 64 KiB" },
  { reference: "file:/dev/zero", problem: "something other than a file of at most 64 KiB" },
  { reference: "file:large", problem: "something other than a file of at most 64 KiB" },
  { reference: "file:short", problem: "leads to 15 bytes" },
])("the reference $reference is refused without being quoted", ({ reference, problem }) => {
  const config = loadKey(reference);
  const lines = config.ok ? [] : config.error.map(formatConfigError);
  expect(lines.filter((line) => !line.startsWith("IMPEDANCE_AUDIT_KEY"))).toEqual([
    expect.stringContaining(`:1:23: audit.subject_key ${""}`),
  ]);
  expect(lines.join()).toContain(problem);
  expect(lines.join()).not.toContain("s3cret");
});

test.each([
  { title: "a wrong type", text: "listen: [s3cret]" },
  { title: "an unknown tag", text: "listen: !s3cret x" },
  { title: "an unset anchor", text: "listen: *s3cret" },
  { title: "broken YAML", text: 'listen: "s3cret\ngrpc: }' },
  { title: "an unknown escape", text: 'listen: "\\qs3cret"' },
  { title: "an unknown word", text: "denial: s3cret" },
  { title: "a URL with a password", text: "servers: { a: { url: 'http://u:s3cret@h/' } }" },
])("$title is reported without the text it stands in", ({ text }) => {
  const config = loadConfig(text, file, {});
  expect(config.ok).toBe(false);
  expect(JSON.stringify(config)).not.toContain("s3cret");
});

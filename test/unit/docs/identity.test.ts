import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { loadConfig } from "../../../src/config/load-config.ts";
import { decodeRevocations } from "../../../src/identity/revocations.ts";
import { parsePortable } from "../../../src/policy/portable/parse.ts";

const page = readFileSync(
  fileURLToPath(new URL("../../../docs/identity.md", import.meta.url)),
  "utf8",
);
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
const configurations = blocks.filter((text) => /^(?:authentication|servers):/.test(text));
const rules = blocks.filter((text) => text.startsWith("allow_rules:"));

test.each(configurations)("the configuration in docs/identity.md loads: %#", (text) => {
  const folder = mkdtempSync(join(tmpdir(), "impedance-docs-"));
  try {
    writeFileSync(join(folder, "crm.token"), "abc");
    const config = loadConfig(text, join(folder, "impedance.yaml"), {});
    expect(config.ok ? [] : config.error).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("docs/identity.md has as many as it seems to", () => {
  expect([configurations.length, rules.length]).toEqual([3, 1]);
});

test.each(rules)("the rules in docs/identity.md are a policy's", (text) => {
  const policy = parsePortable(`policy_id: a\nversion: "1"\ndefault: deny\n${text}`, "p.yaml");
  expect(policy.ok ? policy.value.allowRules.map(({ scopes }) => scopes) : policy.error).toEqual([
    ["files:read"],
    ["files:read", "files:write"],
  ]);
});

test("the revocation list in docs/identity.md is one", () => {
  const [, text = ""] = /```\n(#[\s\S]*?)```/.exec(page) ?? [];
  expect(decodeRevocations(text)?.has("sub", "corp", "alice")).toBe(true);
});

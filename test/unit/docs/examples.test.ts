import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { loadConfig } from "../../../src/config/load-config.ts";
import { parsePortable } from "../../../src/policy/portable/parse.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

test("the demonstration's configuration is one", () => {
  const file = join(ROOT, "demo/impedance.yaml");
  const config = loadConfig(readFileSync(file, "utf8"), file, {});
  expect(config.ok ? [...config.value.servers.keys()] : config.error).toEqual([
    "everything",
    "files",
  ]);
});

test.each(["demo/policy.yaml", "docs/policy.md"])("the policy in %s is one", (name) => {
  const text = readFileSync(join(ROOT, name), "utf8");
  const yaml = name.endsWith(".md") ? (/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? "") : text;
  const policy = parsePortable(yaml, name);
  expect(policy.ok ? policy.value.default : policy.error).toBe("deny");
});

import { expect, test } from "vitest";
import { defaultConfig, loadConfig } from "../../../src/config/load-config.ts";
import { toolLimitsOf } from "../../../src/server/tool-limits.ts";

const NONE = { argumentsMaxBytes: null, resultMaxBytes: null, timeoutMs: null };

test("each limit of a tool is that of the first entry that fits and has it", () => {
  const config = loadConfig(
    `
servers:
  files:
    url: http://127.0.0.1:1/mcp
    tools:
      "read_*": { timeout_ms: 1 }
      read_all: { timeout_ms: 2, result_max_bytes: 3 }
      "*_all": { result_max_bytes: 4, arguments_max_bytes: 5 }`,
    "impedance.yaml",
    {},
  );
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const limits = toolLimitsOf(config.value)("files");
  expect(limits("read_all")).toEqual({ timeoutMs: 1, resultMaxBytes: 3, argumentsMaxBytes: 5 });
  expect(limits("read_one")).toEqual({ ...NONE, timeoutMs: 1 });
  expect(limits("write")).toEqual(NONE);
});

test("a server without entries has no limits", () => {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  expect(toolLimitsOf(config.value)("files")("write")).toEqual(NONE);
});

import { describe, expect, test } from "vitest";

import { formatConfigError } from "../../../src/config/config-error.ts";
import { loadConfig } from "../../../src/config/load-config.ts";

const FILE = "/etc/impedance/impedance.yaml";
const NO_JITTER = { jitterMaxMs: 0 };

function load(text: string, environment: Record<string, string> = {}) {
  const config = loadConfig(text, FILE, environment);
  if (!config.ok) throw new Error(config.error.map(formatConfigError).join("\n"));
  return config.value;
}

function complaints(text: string, environment: Record<string, string> = {}): string[] {
  const config = loadConfig(text, "impedance.yaml", environment);
  return config.ok ? [] : config.error.map(formatConfigError);
}

test.each([
  { text: "", scheme: { kind: "padme" } },
  { text: "padding: off", scheme: { kind: "off" } },
  { text: "padding: constant", scheme: { kind: "constant", blockBytes: 4096 } },
  { text: "padding: { block_bytes: 64 }", scheme: { kind: "padme" } },
  {
    text: "padding: { scheme: constant, block_bytes: 64 }",
    scheme: { kind: "constant", blockBytes: 64 },
  },
  {
    text: "padding: step",
    scheme: { kind: "step", sizes: [256, 1024, 4096, 16_384, 65_536] },
  },
  { text: "padding: { scheme: step, steps: [90, 30] }", scheme: { kind: "step", sizes: [30, 90] } },
])("`$text` is $scheme", ({ text, scheme }) => {
  expect(load(text).padding).toEqual({ scheme, ...NO_JITTER });
});

test("a server has its own settings, and all others of the configuration", () => {
  const { servers } = load(`
padding: { scheme: constant, block_bytes: 512, jitter_ms_max: 20 }
servers:
  same: { url: http://a/ }
  off: { url: http://b/, padding: off }
  finer: { url: http://c/, padding: { block_bytes: 64, jitter_ms_max: 0 } }
`);
  expect([...servers.values()].map(({ padding }) => padding)).toEqual([
    { scheme: { kind: "constant", blockBytes: 512 }, jitterMaxMs: 20 },
    { scheme: { kind: "off" }, jitterMaxMs: 20 },
    { scheme: { kind: "constant", blockBytes: 64 }, jitterMaxMs: 0 },
  ]);
});

test("variables override it, lists of numbers too, and where the file has the short form", () => {
  const environment = {
    IMPEDANCE_PADDING_SCHEME: "step",
    IMPEDANCE_PADDING_STEPS: "100, 200",
    IMPEDANCE_PADDING_JITTER_MS_MAX: "5",
  };
  expect(load("padding: off", environment).padding).toEqual({
    scheme: { kind: "step", sizes: [100, 200] },
    jitterMaxMs: 5,
  });
});

describe("one setting", () => {
  const settings = [
    {
      title: "an unknown scheme, in short",
      bad: "padding: pad",
      good: "padding: padme",
      problem: "impedance.yaml:1:10: padding.scheme is none of the known values",
    },
    {
      title: "a block of no size",
      bad: "padding: { block_bytes: 15 }",
      good: "padding: { block_bytes: 16 }",
      problem: "impedance.yaml:1:25: padding.block_bytes is below its bound",
    },
    {
      title: "no step at all",
      bad: "padding: { steps: [] }",
      good: "padding: { steps: [16] }",
      problem: "impedance.yaml:1:19: padding.steps breaks the rule minItems",
    },
    {
      title: "a step that stands twice",
      bad: "padding: { steps: [16, 16] }",
      good: "padding: { steps: [16, 17] }",
      problem: "impedance.yaml:1:19: padding.steps names the same entry twice",
    },
    {
      title: "a number where a scheme belongs",
      bad: "padding: 4096",
      good: "padding: { block_bytes: 4096 }",
      problem: "impedance.yaml:1:10: padding is not a map of settings or text",
    },
    {
      title: "a wait that the verdict's deadline could cut",
      bad: "{ padding: { jitter_ms_max: 51 }, limits: { verdict_deadline_ms: 100 } }",
      good: "{ padding: { jitter_ms_max: 50 }, limits: { verdict_deadline_ms: 100 } }",
      problem:
        "impedance.yaml:1:29: padding.jitter_ms_max is more than half of the time to a verdict",
    },
    {
      title: "such a wait of one server",
      bad:
        "servers: { a: { url: http://h/, padding: { jitter_ms_max: 51 } } }\n" +
        "limits: { verdict_deadline_ms: 100 }",
      good:
        "servers: { a: { url: http://h/, padding: { jitter_ms_max: 50 } } }\n" +
        "limits: { verdict_deadline_ms: 100 }",
      problem: "impedance.yaml:1:59: servers.a.padding.jitter_ms_max is more than half",
    },
  ];

  test.each(settings)("$title is refused", ({ bad, problem }) => {
    expect(complaints(bad)).toEqual([expect.stringContaining(problem)]);
  });

  test.each(settings)("the near miss of $title is accepted", ({ good }) => {
    expect(complaints(good)).toEqual([]);
  });
});

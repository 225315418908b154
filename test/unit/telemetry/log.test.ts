import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

import { createLogger, describeError, type LogFields } from "../../../src/telemetry/log.ts";

function capture() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, destination };
}

function fieldsOf(line: string | undefined): LogFields {
  const { time, level, ...fields } = JSON.parse(line ?? "null");
  expect(typeof time).toBe("number");
  expect(typeof level).toBe("number");
  return fields;
}

test("an entry is a code and its fields", () => {
  const { lines, destination } = capture();
  const log = createLogger({ level: "info", destination });
  log.info("policy_loaded", { revision: "sha256:abc", rules: 11, reloaded: false });
  expect(lines.map(fieldsOf)).toEqual([
    { code: "policy_loaded", revision: "sha256:abc", rules: 11, reloaded: false },
  ]);
});

test("entries below the level are left out", () => {
  const { lines, destination } = capture();
  const log = createLogger({ level: "warn", destination });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  log.fatal("e");
  expect(lines.map((line) => fieldsOf(line).code)).toEqual(["c", "d", "e"]);
});

test.each([
  { title: "a long text", value: "s3cret ".repeat(40), shown: "(280 bytes)" },
  { title: "a text with a line break", value: "s3cret\nx", shown: "(8 bytes)" },
  { title: "a text that steers a terminal", value: "s3cret\u001b[2J", shown: "(10 bytes)" },
  { title: "an address", value: "127.0.0.1:9191", shown: "127.0.0.1:9191" },
])("$title is shown as $shown", ({ value, shown }) => {
  const { lines, destination } = capture();
  createLogger({ level: "info", destination }).info("code", { value });
  expect(lines.map(fieldsOf)).toEqual([{ code: "code", value: shown }]);
});

test("an error is told by class, code and place, without its message", () => {
  let error: unknown;
  try {
    JSON.parse("s3cret");
  } catch (thrown) {
    error = thrown;
  }
  const described = describeError(error);
  expect(described).toEqual({
    error: "SyntaxError",
    system_code: null,
    at: expect.stringMatching(/^log\.test\.ts:\d+:\d+$/),
  });
  const failure = Object.assign(new Error("s3cret"), { code: "ENOSPC" });
  expect(describeError(failure)).toMatchObject({ error: "Error", system_code: "ENOSPC" });
  expect(describeError("s3cret")).toEqual({ error: "string", system_code: null, at: null });
});

test("flush waits until the entries are on standard error", () => {
  const module = new URL("../../../src/telemetry/log.ts", import.meta.url).href;
  const source = `
    const { createLogger } = await import(${JSON.stringify(module)});
    const log = createLogger({ level: "info" });
    for (let index = 0; index < 1000; index++) log.info("code", { index });
    await log.flush();
    process.kill(process.pid, "SIGKILL");
  `;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", source]);
  expect(stderr.toString().trimEnd().split("\n")).toHaveLength(1000);
});

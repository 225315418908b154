/** A log that somebody took away as a whole, as a running service and `impedance log` see it. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

import { temporaryFolder } from "../../support/decision-log.ts";
import { startServe } from "../../support/serve-process.ts";
import { impedance } from "../cli/command.ts";

/** Many processes, one after the other, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** One run of the service, and what it said of the log that it found. */
async function run(config: string) {
  await using service = await startServe({ config });
  const metrics = await fetch(`http://127.0.0.1:${service.adminPort}/metrics`);
  const lost = /^impedance_audit_lost_total (\d+)$/m.exec(await metrics.text())?.[1];
  service.kill("SIGTERM");
  expect((await service.exited).code).toBe(0);
  const told = service.log.map((line) => JSON.parse(line));
  return { lost, told: told.filter(({ code }) => code.startsWith("log_")) };
}

test("a log that is gone is told, counted and on record at the start, and found by log verify", async () => {
  using folder = temporaryFolder();
  const [log, head, key] = [folder.at("log.jsonl"), folder.at("kept.head"), folder.at("audit.key")];
  expect(await impedance(["log", "keygen", "--out", key])).toMatchObject({ code: 0 });
  const config = `audit: { sink: file, file: ${log}, head_file: ${head}, signing_key: "file:${key}" }\n`;
  const verify = (...more: string[]) =>
    impedance(["log", "verify", log, "--public-key", `${key}.pub`, ...more]);

  expect(await run(config)).toEqual({ lost: "0", told: [] });
  const whole = await verify("--expect-head", head);
  expect(whole).toMatchObject({ code: 0 });
  const words = /^head (\w+:\d+:[0-9a-f]{64})$/m.exec(whole.stdout)?.[1] ?? "";
  expect(await verify("--expect-head", words)).toMatchObject({ code: 0 });

  rmSync(log);
  for (const known of [head, words]) {
    const missing = await verify("--expect-head", known);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stdout).toContain("log_missing: by its head the log came to seq 4");
  }
  expect(await verify()).toMatchObject({ code: 2 });

  const { lost, told } = await run(config);
  expect(lost).toBe("1");
  expect(told).toMatchObject([{ code: "log_missing", file: "log.jsonl", seq: 4, level: 50 }]);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line));
  expect(records.slice(0, 3)).toMatchObject([
    { kind: "start", seq: 5, previous: "missing", head: { seq: 4 } },
    // What held before is known from the head. The service's folder is another in each run.
    { kind: "config_history", old: expect.stringMatching(/^sha256:/) },
    { kind: "policy_history", old: records[2].new },
  ]);
  expect(await verify("--expect-head", head)).toMatchObject({ code: 1 });
  expect(await run(config)).toEqual({ lost: "0", told: [] });
});

test("a head beside the log is held against it unasked, and one that is none is no answer", async () => {
  using folder = temporaryFolder();
  const log = folder.at("log.jsonl");
  await run(`audit: { sink: file, file: ${log} }\n`);
  expect(await impedance(["log", "verify", log])).toMatchObject({ code: 0 });
  const text = readFileSync(log);
  rmSync(log);
  const missing = await impedance(["log", "verify", log]);
  expect(missing).toMatchObject({ code: 1 });
  expect(missing.stdout).toContain("log_missing");
  expect(await impedance(["log", "verify", folder.at("")])).toMatchObject({ code: 1 });
  expect(await impedance(["log", "verify", log, "--partial"])).toMatchObject({ code: 2 });

  writeFileSync(log, text);
  writeFileSync(`${log}.head`, "{}\n");
  const none = await impedance(["log", "verify", log]);
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toContain("is no head");
  const misspelt = await impedance(["log", "verify", log, "--expect-head", "4:abc"]);
  expect(misspelt).toMatchObject({ code: 2 });
});

import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";

import { CANARIES } from "../support/canaries.ts";
import { createSearch } from "../support/watch/search.ts";

/** Many processes, one after the other, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROOT = join(import.meta.dirname, "../..");
const SECRET = CANARIES["access key"];

/** The suite, as far as it is one file, which leaks. */
function runLeaking(where: string): Promise<{ readonly code: number; readonly output: string }> {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--config", "test/watch/leak.config.ts", "--reporter=default"];
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LEAK: where, NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

describe("a run of which every test passes", () => {
  test.each([
    { where: "process", stream: "impedance stderr #\\d+" },
    { where: "removed log", stream: "file decisions.000000000001.jsonl" },
    { where: "log left behind", stream: "file access.log" },
    { where: "encoded breadcrumb", stream: "file decisions.jsonl.crash" },
  ])("fails for a canary in a $where, and names place and canary alone", async (leak) => {
    const { code, output } = await runLeaking(leak.where);
    expect(output).toContain("1 passed");
    expect(code).toBe(1);
    expect(output).toMatch(
      new RegExp(`the access key in ${leak.stream}, of test/watch/leak.fixture.ts`),
    );
    expect(output).not.toContain(SECRET);
  });

  test("passes where what was planted was only given, or handed back by scan", async () => {
    const { code, output } = await runLeaking("nowhere");
    expect(output).toMatch(/no canary in \d+ bytes of output/);
    expect({ code, output }).toMatchObject({ code: 0 });
  });
});

describe("a search", () => {
  const split = (text: string, size: number): readonly string[] =>
    text.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];

  test.each([
    { title: "as it stands", text: SECRET },
    { title: "in hexadecimal", text: Buffer.from(`x${SECRET}`).toString("hex") },
    { title: "in base64", text: Buffer.from(SECRET).toString("base64") },
    { title: "in base64, one further", text: Buffer.from(`.${SECRET}.`).toString("base64") },
    { title: "in base64, two further", text: Buffer.from(`..${SECRET}`).toString("base64url") },
  ])("finds a canary $title, in pieces of any size, once", ({ text }) => {
    for (const size of [1, 7, 10_000]) {
      const search = createSearch();
      const found = split(`before ${text} after ${text}`, size).flatMap((piece) => [
        ...search.look(Buffer.from(piece)),
      ]);
      expect(found).toEqual(["access key"]);
    }
  });

  test("finds nothing in what only looks like one", () => {
    const near = `${SECRET.slice(1)} ${SECRET.slice(0, -1)} [REDACTED:aws-access-key-id]`;
    expect(createSearch().look(Buffer.from(near))).toEqual([]);
  });
});

/** Run by `watch.test.ts` in a run of its own: leaks a canary where `LEAK` says, and passes. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { impedance } from "../e2e/cli/command.ts";
import { CANARIES } from "../support/canaries.ts";

const SECRET = CANARIES["access key"];
const AT = join(tmpdir(), "impedance-leak-");

const LEAKS: { readonly [where: string]: () => Promise<void> } = {
  async nowhere() {
    const folder = mkdtempSync(AT);
    // What a test gives us is no output of ours.
    writeFileSync(join(folder, "given.json"), SECRET);
    rmSync(folder, { recursive: true });
    const { stdout } = await impedance(
      ["scan", "--guards", "limits"],
      `{"id":1,"text":"${SECRET}"}\n`,
    );
    expect(stdout).toContain(SECRET);
    expect((await impedance(["check", "--help"])).code).toBe(0);
  },
  async process() {
    // A command that is not there is told by its name.
    expect((await impedance([SECRET])).code).toBe(2);
  },
  async "removed log"() {
    const folder = await mkdtemp(AT);
    mkdirSync(join(folder, "deep"));
    const text = `${" ".repeat(1024 * 1024 - 5)}${SECRET}\n`;
    await writeFile(join(folder, "deep/decisions.000000000001.jsonl"), text);
    await rm(folder, { recursive: true });
  },
  async "log left behind"() {
    writeFileSync(join(mkdtempSync(AT), "access.log"), `{"path":"/mcp?key=${SECRET}"}\n`);
  },
  async "encoded breadcrumb"() {
    const folder = mkdtempSync(AT);
    const encoded = Buffer.from(`a${SECRET}b`).toString("base64");
    writeFileSync(join(folder, "decisions.jsonl.crash"), `{"error":"${encoded}"}`);
    rmSync(folder, { recursive: true });
  },
};

test("a test that passes", async () => {
  await LEAKS[process.env.LEAK ?? ""]?.();
});

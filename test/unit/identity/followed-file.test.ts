import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBounded } from "../../../src/identity/followed-file.ts";

test("a file is read, and a pipe in its place is none: nobody waits for what never comes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "impedance-followed-"));
  const path = join(folder, "revoked");
  await writeFile(path, "ana");
  expect(readBounded(path, 3)).toBe("ana");
  expect(readBounded(path, 2)).toBe(null);
  await rm(path);
  execFileSync("mkfifo", [path]);
  expect(readBounded(path, 3)).toBe(null);
  await rm(folder, { recursive: true });
});

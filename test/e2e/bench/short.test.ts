import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../../bench/short.ts", import.meta.url));
const DEADLINE_MS = 170_000;

it("answers rightly under load, and 50,000 calls leave nothing behind", {
  timeout: DEADLINE_MS,
}, async () => {
  const child = spawn(process.execPath, [SCRIPT], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: DEADLINE_MS,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const [output, faults] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  // Shown, and not judged: the machine may have other things to do.
  process.stdout.write(output);
  expect(child.exitCode, output + faults).toBe(0);
  expect(output).toMatch(/throughput \d[\d.]* \(checked in: \d/);
});

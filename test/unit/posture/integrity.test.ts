import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFileWatch, type WatchedFile } from "../../../src/posture/integrity/file-watch.ts";
import { hashFile } from "../../../src/posture/integrity/hash-file.ts";
import { createPace } from "../../../src/posture/integrity/pace.ts";
import { runVerifier } from "../../../src/posture/integrity/verifier.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impedance-integrity-"));
  file = join(folder, "server");
  await writeFile(file, "as reviewed");
});
afterEach(() => rm(folder, { recursive: true }));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const EXPECTED = sha256("as reviewed");

/** Counts how often anything was read. */
function watched(different: Partial<WatchedFile> = {}) {
  const clock = { nowMs: 0, monotonic: () => clock.nowMs };
  const reads = { count: 0 };
  const pace = async (): Promise<void> => {
    reads.count++;
  };
  const options = { clock, fullIntervalMs: 300_000, maxBytes: 1_000, pace };
  const given = { name: "server", path: file, sha256: EXPECTED, verifier: null, ...different };
  return { watch: createFileWatch(given, options), clock, reads };
}

describe("a file that has to stay what it is", () => {
  test("is read once, for as long as nothing about it changes and no full look is due", async () => {
    const { watch, clock, reads } = watched();
    const good = {
      state: "true",
      readFrom: file,
      digests: { expected: EXPECTED, found: EXPECTED },
    };
    for (let look = 0; look < 5; look++) expect(await watch.look()).toEqual(good);
    expect(reads.count).toBe(1);
    clock.nowMs = 300_000;
    expect(await watch.look()).toEqual(good);
    expect(reads.count).toBe(2);
  });

  test.each([
    { how: "is written to", change: () => writeFile(file, "as changed!") },
    {
      how: "is replaced",
      change: async () => {
        await writeFile(`${file}.new`, "as changed!");
        await rename(`${file}.new`, file);
      },
    },
  ])("is told when it $how", async ({ change }) => {
    const { watch } = watched();
    await watch.look();
    await change();
    expect(await watch.look()).toEqual({
      state: "false",
      readFrom: file,
      digests: { expected: EXPECTED, found: sha256("as changed!") },
    });
    await writeFile(file, "as reviewed");
    expect(await watch.look()).toMatchObject({ state: "true" });
  });

  test("is told by its hash when its time and size were set back", async () => {
    const { watch, clock } = watched();
    await utimes(file, 1_000, 1_000);
    await watch.look();
    await writeFile(file, "as REVIEWED");
    await utimes(file, 1_000, 1_000);
    clock.nowMs = 300_000;
    expect(await watch.look()).toMatchObject({ state: "false" });
  });

  test("is followed through a link that is set anew", async () => {
    await writeFile(join(folder, "other"), "another");
    const link = join(folder, "link");
    await symlink(file, link);
    const { watch } = watched({ path: link });
    expect(await watch.look()).toMatchObject({ state: "true" });
    await symlink(join(folder, "other"), `${link}.new`);
    await rename(`${link}.new`, link);
    expect(await watch.look()).toMatchObject({ state: "false" });
  });

  test("cannot be told once it is gone, and holds again once it is back", async () => {
    const { watch } = watched();
    await watch.look();
    await rm(file);
    expect(await watch.look()).toEqual({
      state: "unknown",
      readFrom: `${file}: UNREADABLE`,
      digests: { expected: EXPECTED, found: null },
    });
    await writeFile(file, "as reviewed");
    expect(await watch.look()).toMatchObject({ state: "true" });
  });

  test("is no folder, and no larger than files may be", async () => {
    await mkdir(join(folder, "d"));
    expect(await watched({ path: join(folder, "d") }).watch.look()).toMatchObject({
      state: "false",
    });
    await writeFile(file, "x".repeat(1_001));
    expect(await watched().watch.look()).toMatchObject({
      state: "false",
      readFrom: `${file}: TOO_LARGE`,
    });
  });

  test("is no pipe: nobody waits for what never comes", async () => {
    const { watch } = watched();
    await watch.look();
    await rm(file);
    execFileSync("mkfifo", [file]);
    expect(await watch.look()).toMatchObject({ state: "false", readFrom: `${file}: NO_FILE` });
  });

  test("that is written to while it is read has no hash", async () => {
    let writes = 0;
    const pace = () => writeFile(file, `as reviewed ${writes++}`);
    expect(await hashFile(file, { maxBytes: 1_000, pace })).toEqual({
      ok: false,
      error: "CHANGING",
    });
  });
});

/** A verifier in Node: it holds files to a signature beside them, as cosign does. */
const VERIFIER = `
const { createHash } = require("node:crypto");
const { appendFileSync, readFileSync } = require("node:fs");
const [file, sha256, signature] = process.argv.slice(1);
appendFileSync(signature + ".runs", "x");
const found = createHash("sha256").update(readFileSync(file)).digest("hex");
const isSigned = readFileSync(signature, "utf8").trim() === found && found === sha256;
process.exit(isSigned ? 0 : 1);
`;

describe("a verifier", () => {
  const command = (...args: string[]) => [process.execPath, "-e", VERIFIER, ...args];
  const signature = () => join(folder, "server.sig");
  const verifier = () => ({
    command: command("{file}", "{sha256}", signature()),
    deadlineMs: 20_000,
  });

  test("vouches for a file by its exit code, once for each hash", async () => {
    await writeFile(signature(), EXPECTED);
    const { watch, clock } = watched({ sha256: null, verifier: verifier() });
    expect(await watch.look()).toEqual({
      state: "true",
      readFrom: file,
      digests: { expected: null, found: EXPECTED },
    });
    clock.nowMs = 300_000;
    expect(await watch.look()).toMatchObject({ state: "true" });
    const hash = await hashFile(`${signature()}.runs`, { maxBytes: 9, pace: async () => {} });
    expect(hash).toMatchObject({ ok: true, value: { sha256: sha256("x") } });

    await writeFile(file, "as changed!");
    expect(await watch.look()).toMatchObject({
      state: "false",
      readFrom: `${file}: its verifier refused it`,
    });
    await writeFile(signature(), sha256("as changed!"));
    await writeFile(file, "as changed! ");
    await writeFile(file, "as changed!");
    expect(await watch.look()).toMatchObject({ state: "true" });
  });

  test("is not asked about a file whose hash is another already", async () => {
    const { watch } = watched({ sha256: sha256("other"), verifier: verifier() });
    expect(await watch.look()).toMatchObject({ state: "false" });
    expect((await hashFile(`${signature()}.runs`, { maxBytes: 9, pace: async () => {} })).ok).toBe(
      false,
    );
  });

  test("that cannot even be tried vouches for nothing", async () => {
    const command = ["/bin/true", "a\0b"];
    expect(await runVerifier({ command, deadlineMs: 5_000 }, file, EXPECTED)).toBe("not_started");
  });

  test("that takes too long is ended with all that it started, and vouches for nothing", async () => {
    const child = `setInterval(() => {}, 1000)`;
    const code = `require("node:child_process").spawn(process.execPath, ["-e", "${child}"]);${child}`;
    const slow = { command: [process.execPath, "-e", code], deadlineMs: 300 };
    expect(await runVerifier(slow, file, EXPECTED)).toBe("late");
  });

  test.each([
    { title: "is not there", command: ["/nonexistent/cosign"], outcome: "not_started" },
    { title: "refuses", command: [process.execPath, "-e", "process.exit(3)"], outcome: "refused" },
    {
      title: "is ended by a signal",
      command: [process.execPath, "-e", "process.kill(process.pid, 'SIGKILL')"],
      outcome: "refused",
    },
  ])("that $title vouches for nothing", async ({ command: given, outcome }) => {
    expect(await runVerifier({ command: given, deadlineMs: 20_000 }, file, EXPECTED)).toBe(outcome);
  });

  test("gets its arguments as they are, without a shell, and none of our secrets", async () => {
    process.env.IMPEDANCE_TEST_KEY = "secret";
    const code =
      "process.exit(process.argv[1] === '$(exit 0); `x`' && !process.env.IMPEDANCE_TEST_KEY ? 0 : 1)";
    const strict = {
      command: [process.execPath, "-e", code, "$(exit 0); `x`"],
      deadlineMs: 20_000,
    };
    expect(await runVerifier(strict, file, EXPECTED)).toBe("verified");
    delete process.env.IMPEDANCE_TEST_KEY;
  });
});

test("files are read no faster than they may be, over all of them together", async () => {
  const waits: number[] = [];
  const clock = { nowMs: 0, monotonic: () => clock.nowMs };
  const pace = createPace(1_000_000, clock, async (ms) => {
    waits.push(ms);
    clock.nowMs += ms;
  });
  for (let chunk = 0; chunk < 10; chunk++) await pace(100_000);
  expect(clock.nowMs).toBe(1_000);
  clock.nowMs = 60_000;
  await pace(10_000);
  expect(waits).toHaveLength(10);
});

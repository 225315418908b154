import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test, vi } from "vitest";

import type { Beginning } from "../../../src/audit/beginning.ts";
import type { FileSinkOptions, LogSwitch } from "../../../src/audit/file-sink.ts";
import {
  createQueuedSink,
  type ManagedAuditSink,
  type SinkFailure,
} from "../../../src/audit/sink.ts";
import { createChainedTarget } from "../../../src/audit/stream-sink.ts";
import { expand, verifyFiles } from "../../../src/audit/verify-files.ts";
import { expectValid } from "../../support/decision-event.ts";
import {
  decision as event,
  KEYS,
  LOG_DEFAULTS,
  openTestLog,
  temporaryFolder,
} from "../../support/decision-log.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

let files = 0;
function freshPath(): string {
  files += 1;
  mkdirSync(folder.at(String(files)));
  return folder.at(`${files}/log.jsonl`);
}

interface Line {
  readonly kind: string;
  readonly seq: number;
  readonly [field: string]: unknown;
}

function linesOf(text: string): readonly Line[] {
  const lines = text.split("\n").filter((line) => line !== "");
  for (const line of lines) expectValid(line);
  return lines.map((line) => JSON.parse(line));
}

function read(path: string): readonly Line[] {
  return linesOf(readFileSync(path, "utf8"));
}

function kinds(lines: readonly Line[]): readonly string[] {
  return lines.map(({ kind, decision_id }) => (kind === "decision" ? String(decision_id) : kind));
}

function recordAll(sink: ManagedAuditSink, names: readonly string[]): boolean[] {
  return names.map((name) => sink.record(event(name)));
}

/** Writes these decisions in one run. */
async function run(
  paths: FileSinkOptions["paths"],
  names: readonly string[],
  options: Partial<FileSinkOptions> = {},
) {
  const sink = openTestLog(paths, options);
  for (const name of names) {
    expect(sink.record(event(name))).toBe(true);
    await sink.settled();
  }
  expect(await sink.close()).toBe(true);
}

async function expectWhole(paths: readonly string[]): Promise<void> {
  const found = await verifyFiles(paths.flatMap(expand), {
    keys: KEYS.publicKeys,
    isLive: false,
    isPartial: false,
  });
  expect(found.problems).toEqual([]);
}

describe("a log file", () => {
  test("begins with its run, ends with a checkpoint, and is for the owner's eyes only", async () => {
    const path = freshPath();
    await run([path], ["a", "b"]);
    expect(kinds(read(path))).toEqual(["start", "a", "b", "checkpoint"]);
    expect(read(path).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(read(path)[3]).toMatchObject({ reason: "close" });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.at(String(files)))).toEqual(["log.jsonl", "log.jsonl.head"]);
    await expectWhole([path]);
  });

  test("goes on with its chain in the next run", async () => {
    const path = freshPath();
    await run([path], ["a"]);
    await run([path], ["b"]);
    expect(kinds(read(path))).toEqual(["start", "a", "checkpoint", "start", "b", "checkpoint"]);
    expect(read(path)[3]).toMatchObject({ previous: "clean", seq: 4 });
    expect(new Set(read(path).map(({ lane }) => lane)).size).toBe(1);
    await expectWhole([path]);
  });

  test("sets a line aside that a crash has torn, says so, and goes on from the one before", async () => {
    const path = freshPath();
    const first = openTestLog([path]);
    first.record(event("a"));
    await first.settled();
    appendFileSync(path, '{"seq":3,"lane":"x","prev');
    const begun: Beginning[] = [];
    rmSync(`${path}.running`);
    writeFileSync(`${path}.running`, JSON.stringify({ pid: 0, lane: laneOf(path), seq: 0 }));
    await run([path], ["b"], { onStart: (beginning) => begun.push(beginning) });
    expect(kinds(read(path))).toEqual(["start", "a", "start", "b", "checkpoint"]);
    expect(begun).toMatchObject([{ previous: "killed", torn: { bytes: 25 } }]);
    expect(read(path)[2]).toMatchObject({ seq: 3, previous: "killed", torn: { bytes: 25 } });
    const [aside = ""] = readdirSync(folder.at(String(files))).filter((name) =>
      name.includes("torn"),
    );
    expect(readFileSync(folder.at(`${files}/${aside}`), "utf8")).toBe('{"seq":3,"lane":"x","prev');
    await expectWhole([path]);
  });

  test.each([
    { title: "was cut", change: (text: string) => text.split("\n").slice(0, 2).join("\n") },
    { title: "is empty", change: () => "" },
  ])("that $title since it was closed is told at the next start", async ({ change }) => {
    const path = freshPath();
    await run([path], ["a", "b"]);
    const kept = change(readFileSync(path, "utf8"));
    writeFileSync(path, kept === "" ? "" : `${kept}\n`);
    await run([path], ["c"]);
    const { problems } = await verifyFiles([path], {
      keys: KEYS.publicKeys,
      isLive: false,
      isPartial: false,
    });
    expect(problems.map(({ code }) => code)).toEqual(kept === "" ? ["log_missing"] : ["cut"]);
  });

  test("is rotated by its size; names sort, and the chain goes through all files", async () => {
    const path = freshPath();
    const rotation = { ...LOG_DEFAULTS.rotation, fileMaxBytes: 3000 };
    await run([path], ["a", "b", "c", "d", "e", "f"], { rotation });
    const names = readdirSync(folder.at(String(files))).sort();
    expect(names.length).toBeGreaterThan(3);
    expect(names.slice(-2)).toEqual(["log.jsonl", "log.jsonl.head"]);
    const all = expand(path).flatMap(read);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    expect(all.filter(({ kind }) => kind === "decision")).toHaveLength(6);
    for (const file of expand(path).slice(0, -1)) {
      expect(read(file).at(-1)).toMatchObject({ kind: "checkpoint", reason: "rotation" });
    }
    await expectWhole([path]);
    await expectWhole([folder.at(String(files))]);
  });

  test("is rotated by its age", async () => {
    const path = freshPath();
    let now = Date.now();
    const rotation = { ...LOG_DEFAULTS.rotation, fileMaxAgeMs: 10_000 };
    const sink = openTestLog([path], { rotation, clock: { now: () => now } });
    sink.record(event("a"));
    await sink.settled();
    now += 11_000;
    sink.record(event("b"));
    await sink.close();
    expect(expand(path)).toHaveLength(2);
    await expectWhole([path]);
  });

  test("that is due for rotation when a run begins is rotated behind that run's first line", async () => {
    const path = freshPath();
    const rotation = { ...LOG_DEFAULTS.rotation, fileMaxBytes: 1000 };
    for (const id of ["a", "b", "c"]) await run([path], [id], { rotation });
    expect(expand(path).length).toBeGreaterThan(2);
    await expectWhole([path]);
  });

  test("goes on from the last rotated file when its own is gone", async () => {
    const path = freshPath();
    await run([path], ["a"]);
    renameSync(path, folder.at(`${files}/log.000000000001.jsonl`));
    await run([path], ["b"]);
    expect(read(path)[0]).toMatchObject({ seq: 4, previous: "clean" });
    await expectWhole([path]);
  });

  test("keeps as many rotated files as it is told to, and says which it has removed", async () => {
    const path = freshPath();
    const rotation = { ...LOG_DEFAULTS.rotation, fileMaxBytes: 2500, keepFiles: 1 };
    await run([path], ["a", "b", "c", "d", "e", "f"], { rotation });
    expect(expand(path)).toHaveLength(2);
    const told = expand(path)
      .flatMap(read)
      .filter(({ kind }) => kind === "retention");
    expect(told.length).toBeGreaterThan(0);
    await expectWhole([path]);
    rmSync(expand(path)[0] ?? "");
    const found = await verifyFiles(expand(path), {
      keys: null,
      isLive: false,
      isPartial: false,
    });
    expect(found.problems.map(({ code }) => code)).toContain("beginning_missing");
  });

  test("waits for the disk where it is told to", async () => {
    const path = freshPath();
    const sink = openTestLog([path], { sync: true });
    sink.record(event("a"));
    expect(await sink.settled()).toBe(true);
    expect(kinds(read(path))).toEqual(["start", "a"]);
    await sink.close();
  });

  test("is closed with what was counted, and with what held", async () => {
    const path = freshPath();
    const first = openTestLog([path]);
    const timestamp = "2026-07-28T10:00:00.000Z";
    first.note({ kind: "config_history", timestamp, cause: "start", old: null, new: "sha256:c" });
    first.note({
      ...{ kind: "policy_history", timestamp, cause: "start", old: null, new: "sha256:p" },
      ...{ bundle: null, file: "policy.yaml" },
    } as const);
    first.omit();
    await first.close();
    expect(read(path).at(-1)).toMatchObject({
      ...{ kind: "checkpoint", unlogged: 1, policy: "sha256:p", config: "sha256:c" },
    });
    const second = openTestLog([path]);
    expect(second.before).toMatchObject({ policy: "sha256:p", config: "sha256:c" });
    await second.close();
  });

  test("gets a checkpoint after a while in which nothing more was written", async () => {
    const path = freshPath();
    const sink = openTestLog([path], { checkpointMs: 20 });
    sink.record(event("a"));
    await expect.poll(() => kinds(read(path))).toEqual(["start", "a", "checkpoint"]);
    await sleep(60);
    expect(kinds(read(path))).toEqual(["start", "a", "checkpoint"]);
    await sink.close();
    expect(read(path)).toMatchObject([{}, {}, { reason: "time" }, { reason: "close" }]);
  });

  test("shows each line to a tap once it is written, byte for byte", async () => {
    const path = freshPath();
    const seen: string[] = [];
    await run([path], ["a", "b"], { tap: (line) => seen.push(line), checkpointEvents: 2 });
    expect(seen.map((line) => `${line}\n`).join("")).toBe(readFileSync(path, "utf8"));
  });

  test("that another process writes is left alone", async () => {
    const path = freshPath();
    const sink = openTestLog([path]);
    await sink.settled();
    const marker = JSON.parse(readFileSync(`${path}.running`, "utf8"));
    const stat = readFileSync("/proc/1/stat", "latin1");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    writeFileSync(`${path}.running`, JSON.stringify({ ...marker, pid: 1, started }));
    const failures: string[] = [];
    const other = openTestLog([path], { onFailure: ({ code }) => failures.push(code) });
    expect([other.healthy, failures]).toEqual([false, ["IN_USE"]]);
    await other.close();
    await sink.close();
  });
});

describe("a log file that fails", () => {
  test("when it cannot be opened: nothing is accepted, until it can", async () => {
    const failures: SinkFailure[] = [];
    const path = folder.at("absent/log.jsonl");
    const sink = openTestLog([path], { onFailure: (failure) => failures.push(failure) });
    expect([sink.healthy, sink.record(event("a")), sink.omit()]).toEqual([false, false, false]);
    expect(await sink.settled()).toBe(false);
    expect(failures).toEqual([{ code: "ENOENT", pending: 0 }]);

    mkdirSync(folder.at("absent"));
    await expect.poll(() => sink.healthy).toBe(true);
    expect(sink.record(event("b"))).toBe(true);
    await sink.close();
    expect(kinds(read(path))).toEqual(["start", "switch", "b", "checkpoint"]);
    await expectWhole([path]);
  });

  test("in a folder that may not be written to", async () => {
    const locked = folder.at("locked");
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    const source = `
      process.getuid() === 0 && process.setuid(65534);
      const { createFileSink } = await import(${JSON.stringify(FILE_SINK)});
      const sink = createFileSink({
        ...${JSON.stringify({ ...LOG_DEFAULTS, signer: null })},
        clock: Date,
        paths: [${JSON.stringify(`${locked}/log`)}],
        onFailure: ({ code }) => console.log(code),
      });
      console.log(sink.record({}), sink.healthy);
      process.exit(0);
    `;
    chmodSync(folder.at("."), 0o755);
    const ran = spawnSync(process.execPath, ["--input-type=module", "-e", source]);
    expect(ran.stdout.toString()).toBe("EACCES\nfalse false\n");
  });

  test("on a full disk: nothing is accepted after the first failed write", async () => {
    const failures: SinkFailure[] = [];
    const onFailure = (failure: SinkFailure) => failures.push(failure);
    const sink = openTestLog(["/dev/full"], { onFailure });
    expect(sink.record(event("a"))).toBe(true);
    expect(await sink.settled()).toBe(false);
    expect([sink.healthy, sink.record(event("b"))]).toEqual([false, false]);
    await sleep(30);
    expect(sink.healthy).toBe(false);
    expect(await sink.close()).toBe(false);
    expect(failures).toEqual([
      { code: "ENOSPC", pending: 1 },
      { code: "CLOSED", pending: 1 },
    ]);
    for (const mark of ["running", "crash", "head"]) rmSync(`/dev/full.${mark}`, { force: true });
  });

  test("goes on in the next file, and says so there; the primary is tried again at a start", async () => {
    const [first, second] = [freshPath(), freshPath()];
    const switches: LogSwitch[] = [];
    const onSwitch = (change: LogSwitch) => switches.push(change);
    const sink = openTestLog([first, second], { onSwitch, healthIntervalMs: 1e6 });
    sink.record(event("a"));
    await sink.settled();
    rmSync(first);
    await sleep(250);
    sink.record(event("b"));
    expect(await sink.settled()).toBe(true);
    await sink.close();
    expect(switches).toEqual([
      { from: "log.jsonl", to: "log.jsonl", code: "FILE_DELETED", index: 1 },
    ]);
    expect(kinds(read(second))).toEqual(["switch", "b", "checkpoint"]);
    expect(read(second)[0]).toMatchObject({ seq: 3, code: "FILE_DELETED" });

    await run([first, second], ["c"]);
    expect(read(first)[0]).toMatchObject({ seq: 6, previous: "clean" });
  });

  test("falls from the first to the second to the third, and whole lines are in each", async () => {
    const third = freshPath();
    const sink = openTestLog(["/dev/full", folder.at("nowhere/log.jsonl"), third]);
    sink.record(event("a"));
    expect(await sink.settled()).toBe(true);
    expect(sink.healthy).toBe(true);
    await sink.close();
    expect(kinds(read(third))).toEqual(["start", "switch", "a", "checkpoint"]);
    await expectWhole([third]);
    for (const mark of ["running", "crash", "head"]) rmSync(`/dev/full.${mark}`, { force: true });
  });

  test.each([
    { title: "deleted", code: "FILE_DELETED", harm: (path: string) => rmSync(path) },
    {
      title: "replaced",
      code: "FILE_REPLACED",
      harm: (path: string) => {
        renameSync(path, `${path}.old`);
        writeFileSync(path, "");
      },
    },
    { title: "cut", code: "FILE_CUT", harm: (path: string) => writeFileSync(path, "") },
  ])("because it was $title: found while idle, and messages are denied", async ({ code, harm }) => {
    const path = freshPath();
    const failures: SinkFailure[] = [];
    const sink = openTestLog([path], {
      healthIntervalMs: 10,
      retryMs: 500,
      onFailure: (failure) => failures.push(failure),
    });
    sink.record(event("a"));
    await sink.settled();
    harm(path);
    await expect.poll(() => failures).toEqual([{ code, pending: 0 }]);
    expect(sink.record(event("lost"))).toBe(false);
    await expect.poll(() => sink.healthy).toBe(true);
    sink.record(event("b"));
    await sink.close();
    expect(kinds(read(path))).toEqual(["switch", "b", "checkpoint"]);
    expect(read(path)[0]).toMatchObject({ code, from: "log.jsonl", to: "log.jsonl", seq: 3 });
  });
});

/** A full disk of its own, where this machine lets us mount one. */
const disk = folder.at("disk");
mkdirSync(disk);
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]).status === 0;
afterAll(() => {
  if (mounted) spawnSync("umount", [disk]);
});

test.skipIf(!mounted)(
  "a disk that fills up in the middle of a line leaves whole lines, here and in the next file",
  async () => {
    const [first, second] = [`${disk}/log.jsonl`, freshPath()];
    const sink = openTestLog([first, second], { queueMaxEvents: 1000 });
    const names = Array.from({ length: 100 }, (_, index) => `d-${index}`);
    for (const name of names) {
      sink.record(event(name));
      expect(await sink.settled()).toBe(true);
    }
    await sink.close();
    const all = [...read(first), ...read(second)];
    expect(kinds(all).filter((kind) => kind.startsWith("d-"))).toEqual(names);
    expect(kinds(read(second))[0]).toBe("switch");
    expect(read(second)[0]).toMatchObject({ code: "ENOSPC" });
    await expectWhole([first, second]);
    await expectWhole([second, first]);
  },
);

/** A target that a test lets go, one write after the other. */
function createHeldWriter() {
  const written: string[] = [];
  const waiting: { resolve: (count: number) => void; reject: (error: Error) => void }[] = [];
  const failures: SinkFailure[] = [];
  const write = (bytes: Uint8Array): Promise<number> => {
    const outcome = Promise.withResolvers<number>();
    waiting.push({
      resolve: (count) => {
        written.push(Buffer.from(bytes.subarray(0, count)).toString());
        outcome.resolve(Math.min(count, bytes.length));
      },
      reject: outcome.reject,
    });
    return outcome.promise;
  };
  const target = createChainedTarget(write, LOG_DEFAULTS);
  const close = vi.spyOn(target, "close");
  const sink = createQueuedSink(target, {
    queueMaxEvents: 3,
    onFailure: (failure) => failures.push(failure),
    retryMs: 5,
    closeDeadlineMs: 100,
  });
  const next = async () => {
    await expect.poll(() => waiting.length, { interval: 1 }).toBeGreaterThan(0);
    const outcome = waiting.shift();
    if (outcome === undefined) throw new Error("no write is waiting");
    return outcome;
  };
  return { sink, written, waiting, failures, next, close };
}

const WHOLE = Number.MAX_SAFE_INTEGER;

describe("a queue", () => {
  test("that is full accepts nothing, the running write included, until the write is done", async () => {
    const { sink, written, next } = createHeldWriter();
    (await next()).resolve(WHOLE);
    expect(recordAll(sink, ["a", "b"])).toEqual([true, true]);
    const first = await next();
    expect(recordAll(sink, ["c", "d"])).toEqual([true, false]);

    first.resolve(WHOLE);
    (await next()).resolve(WHOLE);
    await sink.settled();
    expect(sink.record(event("e"))).toBe(true);
    (await next()).resolve(WHOLE);
    const closed = sink.close();
    (await next()).resolve(WHOLE);
    expect(await closed).toBe(true);
    expect(written.map(linesOf).map(kinds)).toEqual([
      ["start"],
      ["a", "b"],
      ["c"],
      ["e"],
      ["checkpoint"],
    ]);
  });

  test("goes on in the middle of a line after a short write and after a failure", async () => {
    const { sink, written, failures, next } = createHeldWriter();
    recordAll(sink, ["a", "b"]);
    (await next()).resolve(10);
    (await next()).reject(Object.assign(new Error("disk"), { code: "EIO" }));
    expect(await sink.settled()).toBe(false);
    expect([sink.healthy, sink.record(event("c"))]).toEqual([false, false]);
    expect(failures).toEqual([{ code: "EIO", pending: 2 }]);

    (await next()).resolve(WHOLE);
    (await next()).resolve(WHOLE);
    await expect.poll(() => sink.healthy).toBe(true);
    expect(sink.record(event("d"))).toBe(true);
    (await next()).resolve(WHOLE);
    const closed = sink.close();
    (await next()).resolve(WHOLE);
    await closed;
    expect(kinds(linesOf(written.join("")))).toEqual(["start", "a", "b", "d", "checkpoint"]);
  });

  test("whose write hangs is closed at its deadline, and tells how much was lost", async () => {
    const { sink, failures, next, close } = createHeldWriter();
    recordAll(sink, ["a"]);
    await next();
    expect(await sink.close()).toBe(false);
    expect(failures).toEqual([{ code: "CLOSED", pending: 1 }]);
    expect(close).not.toHaveBeenCalled();
  });

  test("that is closed twice is closed once", async () => {
    const { sink, close, next } = createHeldWriter();
    const closed = sink.close();
    (await next()).resolve(WHOLE);
    (await next()).resolve(WHOLE);
    await closed;
    await sink.close();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

const FILE_SINK = new URL("../../../src/audit/file-sink.ts", import.meta.url).href;
const STREAM_SINK = new URL("../../../src/audit/stream-sink.ts", import.meta.url).href;

describe("a stream sink on a pipe", () => {
  const source = (body: string): string[] => [
    "--input-type=module",
    "-e",
    `const { createStreamSink } = await import(${JSON.stringify(STREAM_SINK)});
     const sink = createStreamSink({
       stream: process.stdout, queueMaxEvents: 50, onFailure: () => {}, closeDeadlineMs: 50,
       lines: { clock: Date, signer: null, version: "0", checkpointEvents: 1000 },
     });
     ${body}`,
  ];

  test("writes lines like a file", () => {
    const ran = spawnSync(
      process.execPath,
      source(`sink.record({ decision_id: "a" }); sink.record({ decision_id: "b" });
              await sink.close();`),
    );
    const lines = ran.stdout.toString().trimEnd().split("\n");
    expect(kinds(lines.map((line) => JSON.parse(line)))).toEqual(["start", "a", "b", "checkpoint"]);
  });

  test("whose reader stalls refuses events, and stalls neither the event loop nor the exit", async () => {
    // A real pipe, which nobody reads: those of `spawn` are sockets.
    const pipe = folder.at("pipe");
    spawnSync("mkfifo", [pipe]);
    const unread = openSync(pipe, "r+");
    const child = spawn(
      process.execPath,
      source(`let ticks = 0;
              setInterval(() => { ticks += 1; }, 5);
              const padding = "x".repeat(10_000);
              let accepted = 0;
              for (let turn = 0; turn < 200; turn++) {
                if (sink.record({ decision_id: padding })) accepted += 1;
                await new Promise((resolve) => setTimeout(resolve, 1));
              }
              process.stderr.write(JSON.stringify({ accepted, ticks }));
              await sink.close();
              process.exit(0);`),
      { stdio: ["ignore", unread, "pipe"] },
    );
    const chunks: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    const exited = Promise.withResolvers<number | null>();
    child.on("exit", exited.resolve);

    expect(await exited.promise).toBe(0);
    closeSync(unread);
    const told = JSON.parse(Buffer.concat(chunks).toString());
    expect(told.accepted).toBeGreaterThanOrEqual(50);
    expect(told.accepted).toBeLessThan(100);
    expect(told.ticks).toBeGreaterThan(10);
  });
});

/** The lane of a log's first line. */
function laneOf(path: string): string {
  return /"lane":"([^"]+)"/.exec(readFileSync(path, "utf8"))?.[1] ?? "";
}

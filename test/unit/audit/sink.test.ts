import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test, vi } from "vitest";

import { createFileSink } from "../../../src/audit/descriptor-sink.ts";
import { createEventBuilder } from "../../../src/audit/event.ts";
import {
  createQueuedSink,
  type ManagedAuditSink,
  type SinkFailure,
} from "../../../src/audit/sink.ts";
import type { DecisionEvent } from "../../../src/core/audit.ts";
import { CLOCK, exampleFacts, SUBJECT_KEY } from "./example.ts";

const folder = mkdtempSync(join(tmpdir(), "impedance-audit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function freshPath(): string {
  files += 1;
  return join(folder, `${files}.jsonl`);
}

const builder = createEventBuilder({ clock: CLOCK, labels: {}, subjectKey: SUBJECT_KEY });
function event(id: string): DecisionEvent {
  return builder.build({ ...exampleFacts(), decisionId: id });
}

function ids(text: string): [seq: number, id: string][] {
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line)).map((json) => [json.seq, json.decision_id]);
}

function recordAll(sink: ManagedAuditSink, names: readonly string[]): boolean[] {
  return names.map((name) => sink.record(event(name)));
}

/** A writer that a test lets go, one write after the other. */
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
  const close = vi.fn();
  const sink = createQueuedSink(() => ({ ok: true, writer: { write, close }, lastSeq: 0 }), {
    queueMaxEvents: 3,
    onFailure: (failure) => failures.push(failure),
    retryMs: 5,
    closeDeadlineMs: 20,
  });
  const next = async () => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
    const outcome = waiting.shift();
    if (outcome === undefined) throw new Error("no write is waiting");
    return outcome;
  };
  return { sink, written, waiting, failures, next, close };
}

const WHOLE = Number.MAX_SAFE_INTEGER;

describe("a file sink", () => {
  test("writes each event as one line, in order, numbered from 1, for the owner's eyes only", async () => {
    const path = freshPath();
    const sink = createFileSink({ path, queueMaxEvents: 100, onFailure: () => {} });
    expect(recordAll(sink, ["a", "b"])).toEqual([true, true]);
    await sink.flush();
    expect(sink.record(event("c"))).toBe(true);
    await sink.close();

    expect(ids(readFileSync(path, "utf8"))).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(sink.record(event("late"))).toBe(false);
  });

  test("goes on from the last number of the file", async () => {
    const path = freshPath();
    for (const name of ["a", "b"]) {
      const sink = createFileSink({ path, queueMaxEvents: 1, onFailure: () => {} });
      sink.record(event(name));
      await sink.close();
    }
    expect(ids(readFileSync(path, "utf8"))).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
  });

  test("closes a line that a crash has torn, and counts from the one before it", async () => {
    const path = freshPath();
    writeFileSync(path, '{"seq":41,"decision_id":"x"}\n{"seq":42,"deci');
    const sink = createFileSink({ path, queueMaxEvents: 1, onFailure: () => {} });
    sink.record(event("a"));
    await sink.close();

    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines[1]).toBe('{"seq":42,"deci');
    expect(ids(lines[2] ?? "")).toEqual([[42, "a"]]);
  });

  test("that cannot be opened accepts nothing, and accepts again once it can", async () => {
    const failures: SinkFailure[] = [];
    const path = join(folder, "absent", "log.jsonl");
    const onFailure = (failure: SinkFailure) => failures.push(failure);
    const sink = createFileSink({ path, queueMaxEvents: 9, onFailure, retryMs: 5 });
    expect([sink.healthy, sink.record(event("a"))]).toEqual([false, false]);
    expect(failures).toEqual([{ code: "ENOENT", pending: 0 }]);

    mkdirSync(join(folder, "absent"));
    await vi.waitFor(() => expect(sink.healthy).toBe(true));
    expect(sink.record(event("b"))).toBe(true);
    await sink.close();
    expect(ids(readFileSync(path, "utf8"))).toEqual([[1, "b"]]);
  });

  test("in a folder that may not be written to accepts nothing", async () => {
    const locked = join(folder, "locked");
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    const source = `
      process.getuid() === 0 && process.setuid(65534);
      const { createFileSink } = await import(${JSON.stringify(MODULE)});
      const sink = createFileSink({
        path: ${JSON.stringify(join(locked, "log"))},
        queueMaxEvents: 9,
        onFailure: ({ code }) => console.log(code),
      });
      console.log(sink.record({}), sink.healthy);
      await sink.close();
    `;
    chmodSync(folder, 0o755);
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", source]);
    expect(run.stdout.toString()).toBe("EACCES\nfalse false\n");
  });

  test("on a full disk accepts nothing after the first failed write, and keeps trying", async () => {
    const failures: SinkFailure[] = [];
    const onFailure = (failure: SinkFailure) => failures.push(failure);
    const sink = createFileSink({ path: "/dev/full", queueMaxEvents: 9, onFailure, retryMs: 5 });
    expect(sink.record(event("a"))).toBe(true);
    await sink.flush();
    expect([sink.healthy, sink.record(event("b"))]).toEqual([false, false]);

    await sleep(30);
    expect(sink.healthy).toBe(false);
    await sink.close();
    expect(failures).toEqual([
      { code: "ENOSPC", pending: 1 },
      { code: "CLOSED", pending: 1 },
    ]);
  });
});

describe("a queue", () => {
  test("that is full accepts nothing, the running write included, until the write is done", async () => {
    const { sink, written, next } = createHeldWriter();
    expect(recordAll(sink, ["a", "b"])).toEqual([true, true]);
    const first = await next();
    expect(recordAll(sink, ["c", "d"])).toEqual([true, false]);

    first.resolve(WHOLE);
    (await next()).resolve(WHOLE);
    await sink.flush();
    expect(sink.record(event("e"))).toBe(true);
    (await next()).resolve(WHOLE);
    await sink.close();
    expect(written.map(ids)).toEqual([
      [
        [1, "a"],
        [2, "b"],
      ],
      [[3, "c"]],
      [[4, "e"]],
    ]);
  });

  test("goes on in the middle of a line after a short write and after a failure", async () => {
    const { sink, written, failures, next } = createHeldWriter();
    recordAll(sink, ["a", "b"]);
    (await next()).resolve(10);
    (await next()).reject(Object.assign(new Error("disk"), { code: "EIO" }));
    await sink.flush();
    expect([sink.healthy, sink.record(event("c"))]).toEqual([false, false]);
    expect(failures).toEqual([{ code: "EIO", pending: 2 }]);

    (await next()).resolve(WHOLE);
    await vi.waitFor(() => expect(sink.healthy).toBe(true));
    expect(sink.record(event("d"))).toBe(true);
    (await next()).resolve(WHOLE);
    await sink.close();
    expect(ids(written.join(""))).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "d"],
    ]);
  });

  test("whose write hangs is closed at its deadline, and tells how much was lost", async () => {
    const { sink, failures, next, close } = createHeldWriter();
    recordAll(sink, ["a"]);
    await next();
    await sink.close();
    expect(failures).toEqual([{ code: "CLOSED", pending: 1 }]);
    expect(close).not.toHaveBeenCalled();
  });

  test("writes events in the form it is told", async () => {
    const path = freshPath();
    const encode = ({ decision_id }: DecisionEvent, seq: number) => `${seq} ${decision_id}\n`;
    const sink = createFileSink({ path, queueMaxEvents: 9, onFailure: () => {}, encode });
    recordAll(sink, ["a", "b"]);
    await sink.close();
    expect(readFileSync(path, "utf8")).toBe("1 a\n2 b\n");
  });

  test("that is closed twice is closed once", async () => {
    const { sink, close } = createHeldWriter();
    await sink.close();
    await sink.close();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

const MODULE = new URL("../../../src/audit/descriptor-sink.ts", import.meta.url).href;

describe("a stream sink on a pipe", () => {
  const source = (body: string): string[] => [
    "--input-type=module",
    "-e",
    `const { createStreamSink } = await import(${JSON.stringify(MODULE)});
     const sink = createStreamSink({
       stream: process.stdout, queueMaxEvents: 50, onFailure: () => {}, closeDeadlineMs: 50,
     });
     ${body}`,
  ];

  test("writes lines like a file", () => {
    const run = spawnSync(
      process.execPath,
      source(`sink.record({ decision_id: "a" }); sink.record({ decision_id: "b" });
              await sink.close();`),
    );
    expect(ids(run.stdout.toString())).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
  });

  test("whose reader stalls refuses events, and stalls neither the event loop nor the exit", async () => {
    // A real pipe, which nobody reads: those of `spawn` are sockets.
    const pipe = join(folder, "pipe");
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

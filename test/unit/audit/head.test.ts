import { copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";

import type { Beginning } from "../../../src/audit/beginning.ts";
import type { FileSinkOptions } from "../../../src/audit/file-sink.ts";
import { type ExpectedHead, readHead } from "../../../src/audit/head.ts";
import { generateKeys, readPublicKeys } from "../../../src/audit/signing.ts";
import type { VerifyOptions } from "../../../src/audit/verify.ts";
import { expand, verifyFiles } from "../../../src/audit/verify-files.ts";
import { expectValid } from "../../support/decision-event.ts";
import { decision, KEYS, openTestLog, temporaryFolder } from "../../support/decision-log.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

let logs = 0;

/** A log and the place of its head, away from it. */
function fresh(): { readonly path: string; readonly headPath: string } {
  logs += 1;
  return { path: folder.at(`${logs}.jsonl`), headPath: folder.at(`${logs}.head`) };
}

type Log = ReturnType<typeof fresh>;

async function run({ path, headPath }: Log, ids: string[], more: Partial<FileSinkOptions> = {}) {
  const beginnings: Beginning[] = [];
  const onStart = (beginning: Beginning) => beginnings.push(beginning);
  const sink = openTestLog([path], { headPath, onStart, ...more });
  for (const id of ids) sink.record(decision(id));
  await sink.close();
  return beginnings[0];
}

function lines({ path }: Log) {
  const text = readFileSync(path, "utf8").trimEnd().split("\n");
  for (const line of text) expectValid(line);
  return text.map((line) => JSON.parse(line));
}

function headOf({ headPath }: Log): ExpectedHead {
  const head = readHead(headPath);
  if (head === null || head === "malformed") throw new Error("there is no head");
  return { ...head, file: headPath };
}

async function problemsOf(log: Log, options: Partial<VerifyOptions> = {}) {
  const defaults = { keys: KEYS.publicKeys, isLive: false, isPartial: false };
  const { problems } = await verifyFiles(expand(log.path).filter(exists), {
    ...defaults,
    heads: [headOf(log)],
    ...options,
  });
  return problems.map(({ code, seq }) => `${code} ${seq}`);
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

describe("the head of a log", () => {
  test("is its last checkpoint, byte for byte, for its owner alone", async () => {
    const log = fresh();
    await run(log, ["a", "b"]);
    expect(readFileSync(log.headPath, "utf8")).toBe(
      `${readFileSync(log.path, "utf8").trimEnd().split("\n").at(-1)}\n`,
    );
    expect(statSync(log.headPath).mode & 0o777).toBe(0o600);
    expect(await problemsOf(log)).toEqual([]);
  });

  test("follows each checkpoint of a run, and stands beside the log where nobody said where", async () => {
    const path = folder.at("beside.jsonl");
    const sink = openTestLog([path], { checkpointEvents: 2 });
    for (const id of ["a", "b", "c"]) sink.record(decision(id));
    expect(await sink.settled()).toBe(true);
    expect(readHead(`${path}.head`)).toMatchObject({ seq: 6 });
    await sink.close();
    expect(readHead(`${path}.head`)).toMatchObject({ seq: 7 });
  });

  test("that cannot be written is told once, and the log goes on", async () => {
    const codes: string[] = [];
    const log = { ...fresh(), headPath: folder.at("no/such/folder/x.head") };
    const onHeadFailure = (code: string) => codes.push(code);
    await run(log, ["a", "b", "c"], { onHeadFailure, checkpointEvents: 1 });
    expect(codes).toEqual(["ENOENT"]);
    expect(lines(log).filter(({ kind }) => kind === "decision")).toHaveLength(3);
  });
});

describe("a log that is gone", () => {
  test("is found missing by its head, with no file left", async () => {
    const log = fresh();
    await run(log, ["a", "b"]);
    rmSync(log.path);
    expect(await problemsOf(log)).toEqual(["log_missing 4"]);
  });

  test("is told at the next start, and each later line says that something stood before it", async () => {
    const log = fresh();
    await run(log, ["a", "b"]);
    const { lane, seq, hash } = headOf(log);
    rmSync(log.path);
    const beginning = await run(log, ["c"]);
    expect(beginning).toMatchObject({ previous: "missing", lost: { lane, seq, hash } });
    expect(lines(log)[0]).toMatchObject({
      ...{ kind: "start", seq: 5, prev_hash: hash, lane },
      ...{ previous: "missing", head: { lane, seq, hash } },
    });
    expect(await problemsOf(log)).toEqual(["log_missing 5"]);
    // Without any head the log itself says so too.
    expect(await problemsOf(log, { heads: [] })).toEqual(["log_missing 5"]);
    expect(await run(log, ["d"])).toMatchObject({ previous: "clean", lost: null });
  });

  test("and was only moved away is whole again beside what followed", async () => {
    const log = fresh();
    await run(log, ["a"]);
    const away = folder.at(`${logs}-away.jsonl`);
    renameSync(log.path, away);
    await run(log, ["b"]);
    const options = { keys: KEYS.publicKeys, isLive: false, isPartial: false };
    const found = await verifyFiles([away, log.path], { ...options, heads: [headOf(log)] });
    expect(found.problems).toEqual([]);
    expect(found.remarks).toMatchObject([{ seq: 4 }]);
    expect(await problemsOf(log, { isPartial: true })).toEqual([]);
  });

  test("and was replaced by another one is told", async () => {
    const [log, other] = [fresh(), fresh()];
    await run(log, ["a"]);
    await run(other, ["x"]);
    copyFileSync(other.path, log.path);
    expect(await problemsOf(log)).toEqual(["log_missing 3"]);
    expect(await run(log, ["b"])).toMatchObject({ previous: "missing", lost: { seq: 3 } });
  });
});

describe("a log that was set back to an earlier day", () => {
  test("is cut, by its head", async () => {
    const log = fresh();
    await run(log, ["a"]);
    const then = readFileSync(log.path);
    await run(log, ["b"]);
    writeFileSync(log.path, then);
    expect(await problemsOf(log, { heads: [] })).toEqual([]);
    expect(await problemsOf(log)).toEqual(["cut 3"]);
    expect(await run(log, ["c"])).toMatchObject({ previous: "cut", lost: { seq: 6 } });
  });

  test("and went on from there is another one than its head says", async () => {
    const log = fresh();
    await run(log, ["a"]);
    const then = readFileSync(log.path);
    await run(log, ["b"]);
    const head = headOf(log);
    writeFileSync(log.path, then);
    rmSync(log.headPath);
    await run(log, ["x"]);
    expect(await problemsOf(log, { heads: [] })).toEqual([]);
    expect(await problemsOf(log, { heads: [head] })).toEqual(["head 6"]);
    expect(await problemsOf(log, { heads: [{ ...head, lane: null, line: null }] })).toEqual([
      "head 6",
    ]);
  });
});

test("a head that is older than the log is no loss, nor is one whose lines were retired", async () => {
  const log = fresh();
  await run(log, ["a"]);
  const head = headOf(log);
  const rotation = { fileMaxBytes: 1500, fileMaxAgeMs: 1e15, keepFiles: 1, keepMs: null };
  for (const id of ["b", "c", "d", "e", "f"]) await run(log, [id], { rotation });
  expect(lines({ ...log, path: expand(log.path)[0] ?? "" })[0].seq).toBeGreaterThan(head.seq);
  expect(await problemsOf(log, { heads: [head] })).toEqual([]);
});

test("a head that somebody wrote is told from ours", async () => {
  const log = fresh();
  await run(log, ["a"]);
  const stranger = readPublicKeys(generateKeys().publicKey);
  expect(await problemsOf(log, { keys: stranger })).toContain("head 3");
  writeFileSync(log.headPath, readFileSync(log.headPath, "utf8").replace('"close"', '"time"'));
  expect(readHead(log.headPath)).toBe("malformed");
  expect(await run(log, ["b"])).toMatchObject({ previous: "clean", isHeadMalformed: true });
  expect(readHead(folder.at("nothing.head"))).toBeNull();
});

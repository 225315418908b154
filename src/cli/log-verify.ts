import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type ExpectedHead, readHead } from "../audit/head.ts";
import { type PublicKeys, readPublicKeys } from "../audit/signing.ts";
import { codeOf } from "../audit/sink.ts";
import type { LaneSummary, Problem, Verification } from "../audit/verify.ts";
import { expand, headsBeside, verifyFiles } from "../audit/verify-files.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, misuse, say } from "./output.ts";

export const logVerifyCommand: Command = {
  help: `usage: impedance log verify FILE… [OPTIONS]

Reads the log from its first line to its last, and says what is not as it was written, with file,
line and seq. A FILE brings the files along that were rotated away from it; a folder all .jsonl
files in it. Give the fallback files too, if there are any: the chain goes through all of them.
A log that is gone as a whole is found missing by its head, the copy of its last checkpoint.
Exit code 0: whole, 1: not whole, 2: misuse.

  --public-key FILE  one or several public keys (PEM): checkpoints are held to them
  --live             the log is still written: it need not end with a closing checkpoint
  --partial          some of its files are elsewhere: it may begin and end anywhere
  --expect-head HEAD the log must hold this line: a head file, or [LANE:]SEQ:HASH
                                     [FILE.head, where that is there]
  --format FORMAT    text or json                                   [text]

examples:
  impedance log verify decisions.jsonl --public-key audit.pub
  impedance log verify /var/log/impedance --public-key audit.pub --format json
  impedance log verify decisions.jsonl --public-key audit.pub --expect-head /var/lib/kept.head`,
  options: {
    "public-key": "text",
    "expect-head": "text",
    live: "flag",
    partial: "flag",
    format: "text",
  },
  takesWords: true,
  run: verify,
};

async function verify(options: Options): Promise<number> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return misuse(`--format is text or json, not ${format}`);
  }
  if (options.words.length === 0) return misuse("name the log: impedance log verify FILE…");
  const keys = await keysOf(options.text("public-key"));
  if (!keys.ok) return misuse(keys.error);
  const found = await read(options, keys.value);
  if (!found.ok) return misuse(found.error);

  if (format === "json") say(JSON.stringify(found.value));
  else describe(found.value, keys.value !== null);
  return found.value.ok ? EXIT.ok : EXIT.failed;
}

async function keysOf(file: string | undefined): Promise<Result<PublicKeys | null, string>> {
  if (file === undefined) return ok(null);
  try {
    const keys = readPublicKeys(await readFile(file, "latin1"));
    return keys === null ? err(`--public-key ${file} holds no Ed25519 public key (PEM)`) : ok(keys);
  } catch (error) {
    return err(`--public-key ${file} cannot be read (${codeOf(error)})`);
  }
}

async function read(
  options: Options,
  keys: PublicKeys | null,
): Promise<Result<Verification, string>> {
  try {
    const heads = headsOf(options);
    if (!heads.ok) return heads;
    const named = options.words.flatMap(expand);
    // Without a head, a file that is not there is one that was misspelt.
    const files = heads.value.length === 0 ? named : named.filter((file) => existsSync(file));
    if (named.length === 0 && heads.value.length === 0) return err("there is no .jsonl file there");
    const isLive = options.flag("live");
    const isPartial = options.flag("partial");
    return ok(await verifyFiles(files, { keys, isLive, isPartial, heads: heads.value }));
  } catch (error) {
    const path = error instanceof Error && "path" in error ? String(error.path) : "the log";
    return err(`${path} cannot be read (${codeOf(error)})`);
  }
}

const HEAD_IN_WORDS = /^(?:([\w-]{1,64}):)?([1-9]\d{0,14}):([0-9a-f]{64})$/;

/** The one that is named; else those beside the logs, where all of these are looked at. */
function headsOf(options: Options): Result<readonly ExpectedHead[], string> {
  const named = options.text("expect-head");
  if (named === undefined) {
    if (options.flag("partial")) return ok([]);
    return readHeads(options.words.flatMap(headsBeside));
  }
  const [, lane = null, seq, hash] = HEAD_IN_WORDS.exec(named) ?? [];
  if (seq !== undefined && hash !== undefined) {
    return ok([{ file: "", lane, seq: Number(seq), hash, line: null }]);
  }
  if (existsSync(named)) return readHeads([named]);
  return err(`--expect-head ${named}: is no file, and not [LANE:]SEQ:HASH`);
}

function readHeads(files: readonly string[]): Result<readonly ExpectedHead[], string> {
  const heads: ExpectedHead[] = [];
  for (const file of files) {
    const head = readHead(file);
    if (head === "malformed")
      return err(`${file} is no head: it holds no checkpoint that is whole`);
    if (head !== null) heads.push({ ...head, file });
  }
  return ok(heads);
}

function describe(found: Verification, hasKeys: boolean): void {
  for (const { file, line, seq, detail } of found.remarks) {
    say(`note  ${basename(file)}:${line}: seq ${seq}: ${detail}`);
  }
  for (const problem of found.problems) say(`FAIL  ${placeOf(problem)}: ${problem.detail}`);
  const more = found.problemCount - found.problems.length;
  if (more > 0) say(`FAIL  … and ${more} more`);
  for (const lane of found.lanes) describeLane(lane, hasKeys);
  if (!hasKeys) complain("without --public-key anybody could have written this chain");
  say(found.ok ? "whole" : "NOT WHOLE");
}

function describeLane(lane: LaneSummary, hasKeys: boolean): void {
  const signed = lane.signedThrough === null ? "nothing signed" : `signed to ${lane.signedThrough}`;
  const counted = lane.unlogged === 0 ? "" : `, ${lane.unlogged} counted only`;
  const end = lane.isClosed ? "closed" : "open";
  say(
    `lane ${lane.lane}: seq ${lane.first}–${lane.last}, ${lane.decisions} decisions${counted}, ` +
      `${lane.checkpoints} checkpoints, ${hasKeys ? signed : "signatures not checked"}, ${end}`,
  );
  if (lane.hash !== null) say(`head ${lane.lane}:${lane.last}:${lane.hash}`);
}

function placeOf({ file, line, seq, code }: Problem): string {
  const place = file === "" ? "" : `${basename(file)}${line === null ? "" : `:${line}`}: `;
  return `${place}${seq === null ? "" : `seq ${seq}: `}${code}`;
}

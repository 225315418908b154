import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type PublicKeys, readPublicKeys } from "../audit/signing.ts";
import { codeOf } from "../audit/sink.ts";
import type { Problem, Verification } from "../audit/verify.ts";
import { expand, verifyFiles } from "../audit/verify-files.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, misuse, say } from "./output.ts";

export const logVerifyCommand: Command = {
  name: "verify",
  summary: "is the log whole? names each line that was edited, removed, added or moved",
  help: `usage: impedance log verify FILE… [OPTIONS]

Reads the log from its first line to its last, and says what is not as it was written, with file,
line and seq. A FILE brings the files along that were rotated away from it; a folder all .jsonl
files in it. Give the fallback files too, if there are any: the chain goes through all of them.
Exit code 0: whole, 1: not whole, 2: misuse.

  --public-key FILE  one or several public keys (PEM): checkpoints are held to them
  --live             the log is still written: it need not end with a closing checkpoint
  --partial          some of its files are elsewhere: it may begin and end anywhere
  --format FORMAT    text or json                                   [text]

examples:
  impedance log verify decisions.jsonl --public-key audit.pub
  impedance log verify /var/log/impedance --public-key audit.pub --format json`,
  options: { "public-key": "text", live: "flag", partial: "flag", format: "text" },
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
    const files = options.words.flatMap(expand);
    if (files.length === 0) return err("there is no .jsonl file there");
    const isLive = options.flag("live");
    return ok(await verifyFiles(files, { keys, isLive, isPartial: options.flag("partial") }));
  } catch (error) {
    const path = error instanceof Error && "path" in error ? String(error.path) : "the log";
    return err(`${path} cannot be read (${codeOf(error)})`);
  }
}

function describe(found: Verification, hasKeys: boolean): void {
  for (const { file, line, seq, detail } of found.remarks) {
    say(`note  ${basename(file)}:${line}: seq ${seq}: ${detail}`);
  }
  for (const problem of found.problems) say(`FAIL  ${placeOf(problem)}: ${problem.detail}`);
  const more = found.problemCount - found.problems.length;
  if (more > 0) say(`FAIL  … and ${more} more`);
  for (const lane of found.lanes) {
    const signed =
      lane.signedThrough === null ? "nothing signed" : `signed to ${lane.signedThrough}`;
    const counted = lane.unlogged === 0 ? "" : `, ${lane.unlogged} counted only`;
    const end = lane.isClosed ? "closed" : "open";
    say(
      `lane ${lane.lane}: seq ${lane.first}–${lane.last}, ${lane.decisions} decisions${counted}, ` +
        `${lane.checkpoints} checkpoints, ${hasKeys ? signed : "signatures not checked"}, ${end}`,
    );
  }
  if (!hasKeys) complain("without --public-key anybody could have written this chain");
  say(found.ok ? "whole" : "NOT WHOLE");
}

function placeOf({ file, line, seq, code }: Problem): string {
  const place = file === "" ? "" : `${basename(file)}${line === null ? "" : `:${line}`}: `;
  return `${place}${seq === null ? "" : `seq ${seq}: `}${code}`;
}

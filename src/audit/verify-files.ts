import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ReadLink, readLink } from "./chain.ts";
import { rotatedFiles, rotatedFrom } from "./file-names.ts";
import { type RawLine, readLines } from "./read-lines.ts";
import { type Place, type Verification, Verifier, type VerifyOptions } from "./verify.ts";

/** A longer line is none of ours: the longest that is written is half of this. */
const LINE_MAX_BYTES = 32 * 1024 * 1024;
/** Read ahead while a line waits for its turn. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Verifies the log that is made of these files. Those of one log, rotated ones among them, are read
 * as one; logs beside each other (fallbacks, lanes of several workers) are read side by side, and
 * the line is taken that goes on. Rejects with the system's error when a file cannot be read.
 */
export async function verifyFiles(
  files: readonly string[],
  options: VerifyOptions,
): Promise<Verification> {
  const verifier = new Verifier(options);
  const cursors: Cursor[] = [];
  for (const log of logsOf(files)) cursors.push(await openCursor(log));
  for (;;) {
    const waiting = cursors.flatMap((cursor) => (cursor.head === null ? [] : [cursor.head]));
    const head = nextOf(waiting, verifier);
    if (head === null) return verifier.end();
    verifier.line(head.place, head.raw, head.link);
    await head.cursor.advance();
  }
}

/**
 * The files that a name stands for: a log's own file brings those that were rotated away from it,
 * a folder all `.jsonl` logs in it.
 */
export function expand(path: string): readonly string[] {
  if (isFolder(path)) {
    return readdirSync(path)
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => join(path, name));
  }
  if (rotatedFrom(basename(path)) !== null) return [path];
  const rotated = isFolder(dirname(path)) ? rotatedFiles(path).map((each) => each.path) : [];
  // Between two files there is a moment without one; the rotated ones then are the log.
  return rotated.length > 0 && !existsSync(path) ? rotated : [...rotated, path];
}

/** The heads that belong to what a name stands for, whether the logs themselves are there or not. */
export function headsBeside(path: string): readonly string[] {
  if (!isFolder(path)) return [`${path}.head`];
  return readdirSync(path)
    .filter((name) => name.endsWith(".jsonl.head"))
    .map((name) => join(path, name));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function nextOf(waiting: readonly Head[], verifier: Verifier): Head | null {
  const next = waiting.find(({ link }) => link === null || verifier.isNext(link));
  if (next !== undefined) return next;
  let lowest: Head | null = null;
  for (const head of waiting) {
    if (lowest === null || seqOf(head) < seqOf(lowest)) lowest = head;
  }
  return lowest;
}

function seqOf({ link }: Head): number {
  return link?.seq ?? 0;
}

interface Head {
  readonly cursor: Cursor;
  readonly place: Place;
  readonly raw: RawLine;
  readonly link: ReadLink | null;
}

interface Cursor {
  readonly head: Head | null;
  advance(): Promise<void>;
}

async function openCursor(files: readonly string[]): Promise<Cursor> {
  const lines = linesOf(files);
  let head: Head | null = null;
  const cursor: Cursor = {
    get head() {
      return head;
    },
    async advance() {
      const next = await lines.next();
      if (next.done === true) {
        head = null;
        return;
      }
      const { file, raw } = next.value;
      const link = raw.isTooLong || !raw.isEnded ? null : readLink(raw.bytes);
      head = { cursor, place: { file, line: raw.number }, raw, link };
    },
  };
  await cursor.advance();
  return cursor;
}

async function* linesOf(
  files: readonly string[],
): AsyncGenerator<{ readonly file: string; readonly raw: RawLine }> {
  for (const file of files) {
    const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES });
    for await (const raw of readLines(stream, LINE_MAX_BYTES)) yield { file, raw };
  }
}

/** The files of each log, in the order in which they were written. */
function logsOf(files: readonly string[]): readonly (readonly string[])[] {
  const logs = new Map<string, { path: string; firstSeq: number }[]>();
  for (const path of new Set(files)) {
    const rotated = rotatedFrom(basename(path));
    const log = join(dirname(path), rotated?.base ?? basename(path));
    const firstSeq = rotated?.firstSeq ?? Number.POSITIVE_INFINITY;
    const known = logs.get(log);
    if (known === undefined) logs.set(log, [{ path, firstSeq }]);
    else known.push({ path, firstSeq });
  }
  return [...logs.values()].map((log) =>
    log
      .sort((a, b) => (a.firstSeq === b.firstSeq ? 0 : a.firstSeq - b.firstSeq))
      .map(({ path }) => path),
  );
}

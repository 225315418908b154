import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Position } from "./chain.ts";
import { rotatedFiles } from "./file-names.ts";
import { type Head, readHead } from "./head.ts";
import type { Standing } from "./ledger.ts";
import { LogFailure } from "./log-failure.ts";
import type { Breadcrumb, Previous, StartRecord } from "./records.ts";
import { type RunMarker, readMarker } from "./run-marker.ts";
import { readCheckpoint, recoverTail, type Tail } from "./tail.ts";

/** What a run finds when it opens the log. */
export interface Beginning {
  /** Where the chain goes on; null for a new one. */
  readonly position: Position | null;
  readonly previous: Previous;
  readonly torn: StartRecord["torn"];
  readonly crash: Breadcrumb | null;
  /** What held when the last checkpoint was written. */
  readonly standing: Standing;
  /** How far the log had come, where lines up to there are gone; null where none are. */
  readonly lost: Position | null;
  /** The head is there, and is none. */
  readonly isHeadMalformed: boolean;
}

/**
 * Reads what the last run has left in the files of a log, of which `path` is the one that is to be
 * written. Of a log that is gone its head is left, and the chain goes on from there: what is
 * missing then shows in every line that follows. Throws the system's errors, and `IN_USE` when
 * another process writes this log.
 */
export function beginningOf(paths: readonly string[], path: string, headPath: string): Beginning {
  const marker = readMarker(paths[0] ?? path);
  if (marker.heldBy !== null) throw new LogFailure("IN_USE");
  const tails = paths.flatMap((each) => tailsOf(each, path));
  const tail = newest(tails);
  const torn = tails.find((each) => each.torn !== null)?.torn ?? null;
  const read = headAt(headPath);
  const head = read === "malformed" ? null : read;
  const ofHead = head === null ? null : readCheckpoint(Buffer.from(head.line));
  const { policy, config } = tail?.standing ?? ofHead ?? { policy: null, config: null };
  const loss = lossOf(tail?.position ?? null, head);
  return {
    position: tail?.position ?? (head === null ? null : placeOf(head)),
    previous: loss ?? previousOf(tail, marker),
    torn: torn === null ? null : { ...torn, file: basename(torn.file) },
    crash: marker.crash,
    standing: { policy, config },
    lost: loss === null || head === null ? null : placeOf(head),
    isHeadMalformed: read === "malformed",
  };
}

/** One that cannot be read is as good as none: the log does without. */
function headAt(path: string): Head | "malformed" | null {
  try {
    return readHead(path);
  } catch {
    return "malformed";
  }
}

function placeOf({ lane, seq, hash }: Position): Position {
  return { lane, seq, hash };
}

/** What the head knows of and the log does not hold; null where the log came as far as its head. */
function lossOf(position: Position | null, head: Position | null): Previous | null {
  if (head === null) return null;
  if (position === null || position.lane !== head.lane) return "missing";
  if (position.seq < head.seq) return "cut";
  return position.seq === head.seq && position.hash !== head.hash ? "damaged" : null;
}

/** The end of a file, or where it is not there or empty, of the last one that was rotated away. */
function tailsOf(path: string, chosen: string): readonly Tail[] {
  try {
    const tail = existsSync(path) ? recoverTail(path) : null;
    if (tail !== null && (tail.position !== null || !tail.isIntact)) return [tail];
    const last = rotatedFiles(path).at(-1);
    return last === undefined ? [] : [recoverTail(last.path)];
  } catch (error) {
    // A file that is not written now may well be the one that fails.
    if (path === chosen) throw error;
    return [];
  }
}

/** The one in which the chain came furthest; another chain than the first one's does not count. */
function newest(tails: readonly Tail[]): Tail | null {
  const [first] = tails.filter(({ position }) => position !== null);
  const lane = first?.position?.lane;
  const ours = tails.filter(({ position }) => position?.lane === lane);
  const [tail] = ours.sort((a, b) => (b.position?.seq ?? 0) - (a.position?.seq ?? 0));
  return tail ?? null;
}

function previousOf(tail: Tail | null, { left, crash }: RunMarker): Previous {
  if (tail !== null && !tail.isIntact) return "damaged";
  const position = tail?.position ?? null;
  if (left !== null && left.lane === (position?.lane ?? left.lane)) {
    if ((position?.seq ?? 0) < left.seq) return "cut";
  }
  if (crash !== null) return "crashed";
  if (left !== null) return "killed";
  if (position === null) return "none";
  return tail?.isClosed === true ? "clean" : "cut";
}

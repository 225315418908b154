import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Position } from "./chain.ts";
import { rotatedFiles } from "./file-names.ts";
import type { Standing } from "./ledger.ts";
import { LogFailure } from "./log-failure.ts";
import type { Breadcrumb, Previous, StartRecord } from "./records.ts";
import { type RunMarker, readMarker } from "./run-marker.ts";
import { recoverTail, type Tail } from "./tail.ts";

/** What a run finds when it opens the log. */
export interface Beginning {
  /** Where the chain goes on; null for a new one. */
  readonly position: Position | null;
  readonly previous: Previous;
  readonly torn: StartRecord["torn"];
  readonly crash: Breadcrumb | null;
  /** What held when the last checkpoint was written. */
  readonly standing: Standing;
}

/**
 * Reads what the last run has left in the files of a log, of which `path` is the one that is to be
 * written. Throws the system's errors, and `IN_USE` when another process writes this log.
 */
export function beginningOf(paths: readonly string[], path: string): Beginning {
  const marker = readMarker(paths[0] ?? path);
  if (marker.heldBy !== null) throw new LogFailure("IN_USE");
  const tails = paths.flatMap((each) => tailsOf(each, path));
  const tail = newest(tails);
  const torn = tails.find((each) => each.torn !== null)?.torn ?? null;
  return {
    position: tail?.position ?? null,
    previous: previousOf(tail, marker),
    torn: torn === null ? null : { ...torn, file: basename(torn.file) },
    crash: marker.crash,
    standing: tail?.standing ?? { policy: null, config: null },
  };
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

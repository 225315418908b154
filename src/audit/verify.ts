import { GENESIS, type ReadLink } from "./chain.ts";
import { faultOf, fieldsOf, numberOf } from "./checkpoint.ts";
import type { ExpectedHead } from "./head.ts";
import type { RawLine } from "./read-lines.ts";
import type { PublicKeys } from "./signing.ts";

/** What is wrong with a log, and where. */
export interface Problem {
  readonly code: ProblemCode;
  readonly file: string;
  /** From 1; null where it is about what is not there. */
  readonly line: number | null;
  readonly lane: string | null;
  readonly seq: number | null;
  readonly detail: string;
}

export type ProblemCode =
  | "malformed"
  | "too_long"
  | "torn"
  | "edited"
  | "missing"
  | "repeated"
  | "unlinked"
  | "unsigned"
  | "signature"
  | "checkpoint_missing"
  | "cut"
  | "damaged"
  | "not_closed"
  | "beginning_missing"
  | "log_missing"
  | "head"
  | "empty";

/** What is right, and worth knowing all the same. */
export interface Remark {
  readonly file: string;
  readonly line: number;
  readonly seq: number;
  readonly detail: string;
}

export interface LaneSummary {
  readonly lane: string;
  readonly first: number;
  readonly last: number;
  readonly lines: number;
  readonly decisions: number;
  /** Decisions that a rule wanted counted only. */
  readonly unlogged: number;
  readonly checkpoints: number;
  /** The last line that a signature vouches for; null without one. */
  readonly signedThrough: number | null;
  readonly isClosed: boolean;
  /** Of the last line; null where it is not to be trusted. */
  readonly hash: string | null;
}

export interface Verification {
  readonly ok: boolean;
  readonly lines: number;
  readonly lanes: readonly LaneSummary[];
  /** The first so many; `problemCount` counts all. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  readonly remarks: readonly Remark[];
}

export interface VerifyOptions {
  /** Null: hashes are checked and signatures are not. */
  readonly keys: PublicKeys | null;
  /** The log is still written, or some of its files are not here: it may end, and begin, anywhere. */
  readonly isLive: boolean;
  readonly isPartial: boolean;
  /** What is known of the log from elsewhere: it must hold these lines. */
  readonly heads?: readonly ExpectedHead[];
}

const PROBLEMS_MAX = 100;
/** More chains than any log has; the rest is one more problem. */
const LANES_MAX = 1024;

/** Where a line stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

interface Lane {
  readonly lane: string;
  readonly first: number;
  readonly begins: Place;
  seq: number;
  /** Null behind a line that is not to be trusted. */
  hash: string | null;
  lines: number;
  decisions: number;
  unlogged: number;
  checkpoints: number;
  signedThrough: number | null;
  sinceCheckpoint: number;
  every: number | null;
  isClosed: boolean;
  /** Lines up to this one were removed on purpose, or it was told that they are gone. */
  retiredThrough: number;
  last: Place;
}

/** Checks line after line; nothing of a line is kept but its hash. */
export class Verifier {
  readonly #options: VerifyOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #problems: Problem[] = [];
  readonly #remarks: Remark[] = [];
  /** Those that no line was held against. */
  readonly #heads: Set<ExpectedHead>;
  #problemCount = 0;
  #lines = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#heads = new Set(options.heads);
    for (const head of this.#heads) this.#vouch(head);
  }

  /** Whether this line is the next of its lane, or begins one. */
  isNext(link: ReadLink): boolean {
    if (!link.isIntact) return true;
    const lane = this.#lanes.get(link.lane);
    return link.seq === (lane === undefined ? 1 : lane.seq + 1);
  }

  line(place: Place, raw: RawLine, link: ReadLink | null): void {
    this.#lines += 1;
    if (raw.isTooLong) this.#report("too_long", place, null, "no line of the log is so long");
    else if (!raw.isEnded) this.#torn(place);
    else if (link === null) this.#report("malformed", place, null, "this is no line of the log");
    else if (link.isIntact) this.#follow(place, raw, link);
    else this.#edited(place, link);
  }

  end(): Verification {
    const lanes = [...this.#lanes.values()];
    for (const lane of lanes) this.#finish(lane);
    for (const head of this.#heads) this.#seek(head);
    if (this.#lines === 0 && this.#problemCount === 0) {
      this.#report("empty", { file: "", line: 0 }, null, "there is no line in it");
    }
    return {
      ok: this.#problemCount === 0,
      lines: this.#lines,
      lanes: lanes.map(summaryOf),
      problems: this.#problems,
      problemCount: this.#problemCount,
      remarks: this.#remarks,
    };
  }

  #follow(place: Place, raw: RawLine, link: ReadLink): void {
    const lane = this.#lanes.get(link.lane) ?? this.#begin(place, link);
    if (lane === null) return;
    const isInPlace = this.#place(place, lane, link);
    lane.lines += 1;
    lane.last = place;
    if (!isInPlace) return;
    this.#meet(place, link);
    const wasClosed = lane.isClosed || lane.seq === 0;
    lane.seq = link.seq;
    lane.hash = link.hash;
    lane.sinceCheckpoint += 1;
    lane.isClosed = false;
    this.#read(place, raw, link, lane, wasClosed);
  }

  /** A head is worth what its signature is. */
  #vouch({ file, line, lane, seq }: ExpectedHead): void {
    if (line === null || this.#options.keys === null) return;
    const raw = { bytes: Buffer.from(line), number: 0, isTooLong: false, isEnded: true };
    const fault = faultOf(raw, String(fieldsOf(raw).key), this.#options.keys);
    if (fault === null) return;
    this.#report("head", { file, line: 0 }, { lane, seq }, `of the head, ${fault.detail}`);
  }

  #meet(place: Place, link: ReadLink): void {
    for (const head of this.#heads) {
      if (head.seq !== link.seq || (head.lane ?? link.lane) !== link.lane) continue;
      this.#heads.delete(head);
      if (head.hash === link.hash) continue;
      this.#report("head", place, link, "it is another line than the one that the head names");
    }
  }

  /** What the head knows of and no line was. */
  #seek({ file, lane: name, seq }: ExpectedHead): void {
    const lanes = [...this.#lanes.values()].filter((one) => (name ?? one.lane) === one.lane);
    // What stands before its first line is for the beginning to tell, gaps for the lines after them.
    if (lanes.some((one) => one.seq >= seq)) return;
    const [lane] = lanes;
    const came = `by its head the log came to seq ${seq}, and`;
    if (lane === undefined) {
      const detail = `${came} no line of it is here`;
      this.#report("log_missing", { file, line: 0 }, { lane: name, seq }, detail);
    } else {
      this.#report("cut", lane.last, lane, `${came} it ends with seq ${lane.seq}`);
    }
  }

  /** What such a line claims to be is not to be trusted: it counts as the one that should be here. */
  #edited(place: Place, link: ReadLink): void {
    const lane = this.#lanes.get(link.lane);
    const seq = lane === undefined ? link.seq : lane.seq + 1;
    const detail = "its bytes are not those that its hash was made from";
    this.#report("edited", place, { lane: link.lane, seq }, detail);
    if (lane === undefined) return;
    lane.seq = seq;
    lane.hash = link.seq === seq ? link.hash : null;
    lane.lines += 1;
    lane.sinceCheckpoint += 1;
    lane.isClosed = false;
    lane.last = place;
  }

  /** Of a log that is still written, the last line may just be on its way. */
  #torn(place: Place): void {
    if (this.#options.isLive) return;
    this.#report("torn", place, null, "the line has no line break");
  }

  #begin(place: Place, link: ReadLink): Lane | null {
    if (this.#lanes.size >= LANES_MAX) {
      this.#report("malformed", place, link, "there are too many lanes");
      return null;
    }
    const lane: Lane = {
      lane: link.lane,
      first: link.seq,
      begins: place,
      seq: link.seq - 1,
      hash: link.seq === 1 ? GENESIS : null,
      lines: 0,
      decisions: 0,
      unlogged: 0,
      checkpoints: 0,
      signedThrough: null,
      sinceCheckpoint: 0,
      every: null,
      isClosed: link.seq > 1,
      retiredThrough: 0,
      last: place,
    };
    this.#lanes.set(link.lane, lane);
    return lane;
  }

  /** Whether the lane goes on behind this line. */
  #place(place: Place, lane: Lane, link: ReadLink): boolean {
    const expected = lane.seq + 1;
    if (link.seq < expected) {
      this.#report("repeated", place, link, `seq ${expected} should stand here`);
      return false;
    }
    if (link.seq > expected) {
      const gap = link.seq - 1 === expected ? `seq ${expected}` : `seq ${expected}–${link.seq - 1}`;
      this.#report("missing", place, link, `${gap} should stand before it`);
      // Checkpoints may be among what is missing.
      lane.sinceCheckpoint = 0;
      return true;
    }
    if (lane.hash !== null && link.prevHash !== lane.hash) {
      this.#report(
        "unlinked",
        place,
        link,
        `it does not follow from seq ${lane.seq} as it is here`,
      );
    }
    return true;
  }

  #read(place: Place, raw: RawLine, link: ReadLink, lane: Lane, wasClosed: boolean): void {
    if (link.kind === "decision") lane.decisions += 1;
    if (link.kind === "checkpoint") this.#checkpoint(place, raw, link, lane);
    if (link.kind === "start") this.#start(place, raw, link, wasClosed);
    if (link.kind === "retention") lane.retiredThrough = numberOf(fieldsOf(raw).through_seq) ?? 0;
  }

  #checkpoint(place: Place, raw: RawLine, link: ReadLink, lane: Lane): void {
    const { every, unlogged, reason, key } = fieldsOf(raw);
    lane.every = numberOf(every);
    this.#tooLate(place, lane, link);
    lane.checkpoints += 1;
    lane.sinceCheckpoint = 0;
    lane.unlogged += numberOf(unlogged) ?? 0;
    lane.isClosed = reason === "close";
    if (this.#options.keys === null) return;
    const fault = faultOf(raw, String(key), this.#options.keys);
    if (fault === null) lane.signedThrough = link.seq;
    else this.#report(fault.code, place, link, fault.detail);
  }

  /** A checkpoint that somebody has taken out, and healed the numbers after it. */
  #tooLate(place: Place, lane: Lane, link: Pick<ReadLink, "lane" | "seq">): void {
    const { every } = lane;
    if (every === null || lane.sinceCheckpoint <= every + 1) return;
    const detail = `there was none for ${lane.sinceCheckpoint} lines; one follows after ${every}`;
    this.#report("checkpoint_missing", place, link, detail);
  }

  #start(place: Place, raw: RawLine, link: ReadLink, wasClosed: boolean): void {
    const previous = String(fieldsOf(raw).previous);
    if (previous === "missing") {
      this.#startAnew(place, link);
    } else if (previous === "cut" || previous === "damaged") {
      const detail =
        previous === "cut"
          ? "when this run began, lines that had been written were no longer there"
          : "when this run began, the last line was not as it had been written";
      this.#report(previous, place, link, detail);
    } else if (previous === "clean" && !wasClosed) {
      this.#report(
        "cut",
        place,
        link,
        "the run before was closed, and its last lines are not here",
      );
    } else if (previous === "killed" || previous === "crashed") {
      const detail = `the run before was ${previous === "killed" ? "killed" : "ended by a fault"}: what it had queued is lost`;
      if (this.#remarks.length < PROBLEMS_MAX) {
        this.#remarks.push({ ...place, seq: link.seq, detail });
      }
    }
  }

  /** The log before was gone, or stood elsewhere: then its files are to be verified with these. */
  #startAnew(place: Place, link: ReadLink): void {
    const lane = this.#lanes.get(link.lane);
    const isHere = lane !== undefined && lane.first < link.seq;
    if (isHere || this.#options.isPartial) {
      const detail = "when this run began, the log before it was not in its place";
      if (this.#remarks.length < PROBLEMS_MAX) {
        this.#remarks.push({ ...place, seq: link.seq, detail });
      }
      return;
    }
    const detail = "when this run began, the whole log before it was gone";
    this.#report("log_missing", place, link, detail);
    if (lane !== undefined) lane.retiredThrough = link.seq - 1;
  }

  #finish(lane: Lane): void {
    const { isLive, isPartial, keys } = this.#options;
    const at = { lane: lane.lane, seq: lane.seq };
    if (lane.first > 1 && lane.retiredThrough < lane.first - 1 && !isPartial) {
      const detail = `it begins with seq ${lane.first}, and no line says that those before were removed`;
      this.#report("beginning_missing", lane.begins, { lane: lane.lane, seq: lane.first }, detail);
    }
    this.#tooLate(lane.last, lane, at);
    if (keys !== null && lane.checkpoints === 0 && !isLive) {
      this.#report("unsigned", lane.last, at, "no checkpoint vouches for any of its lines");
    }
    if (!lane.isClosed && !isLive && !isPartial) {
      const detail =
        "it does not end with a closing checkpoint: it was cut off, or the run was killed, or it is still written (--live)";
      this.#report("not_closed", lane.last, at, detail);
    }
  }

  #report(
    code: ProblemCode,
    { file, line }: Place,
    at: { readonly lane: string | null; readonly seq: number } | null,
    detail: string,
  ): void {
    this.#problemCount += 1;
    if (this.#problems.length >= PROBLEMS_MAX) return;
    const { lane = null, seq = null } = at ?? {};
    this.#problems.push({ code, file, line: line === 0 ? null : line, lane, seq, detail });
  }
}

function summaryOf(lane: Lane): LaneSummary {
  const { lines, decisions, unlogged, checkpoints } = lane;
  const { signedThrough, isClosed, hash } = lane;
  const counts = { lines, decisions, unlogged, checkpoints };
  return {
    lane: lane.lane,
    first: lane.first,
    last: lane.seq,
    ...counts,
    signedThrough,
    isClosed,
    hash,
  };
}

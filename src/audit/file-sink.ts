import { existsSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { type Beginning, beginningOf } from "./beginning.ts";
import { rotatedFiles, rotatedPath } from "./file-names.ts";
import { writeHead } from "./head.ts";
import { Ledger, type LedgerOptions, type Segment, type Standing } from "./ledger.ts";
import { LogFailure } from "./log-failure.ts";
import { LogFile } from "./log-file.ts";
import { type CheckpointReason, encodeRecord } from "./records.ts";
import { removeBreadcrumb, removeMarker, writeMarker } from "./run-marker.ts";
import {
  codeOf,
  createQueuedSink,
  type LogTarget,
  type ManagedAuditSink,
  type QueueOptions,
} from "./sink.ts";
import { recoverTail } from "./tail.ts";
import { type LineTap, tell } from "./tap.ts";

export interface FileSinkOptions extends QueueOptions, LedgerOptions {
  /** Where to write, in this order: the next one when one fails. */
  readonly paths: readonly [primary: string, ...fallbacks: string[]];
  /** Where the last checkpoint is kept once more; beside the first of `paths` if absent. */
  readonly headPath?: string;
  readonly version: string;
  /** Waits for the disk with each write. */
  readonly sync: boolean;
  readonly rotation: Rotation;
  /** Told when the log was opened: what the last run has left. */
  readonly onStart?: (beginning: Beginning) => void;
  /** Told when the log goes on elsewhere, or again where it had failed. */
  readonly onSwitch?: (change: LogSwitch) => void;
  /** Told once for each spell in which the head could not be written. */
  readonly onHeadFailure?: (code: string) => void;
  readonly tap?: LineTap;
}

/** Bounds of one file, and of those that are kept; null is without. */
export interface Rotation {
  readonly fileMaxBytes: number;
  readonly fileMaxAgeMs: number;
  readonly keepFiles: number | null;
  readonly keepMs: number | null;
}

/** File names, without their folders. */
export interface LogSwitch {
  readonly from: string;
  readonly to: string;
  readonly code: string;
  /** 0 is the primary. */
  readonly index: number;
}

/** Between two looks whether the path still leads to the open file, while lines are written. */
const INSPECT_EVERY_MS = 200;

/**
 * Appends to the first of `paths` that can be written. It goes on with the chain that the last run
 * has left; when a file fails, with the next one, and the switch is a line of the chain.
 */
export function createFileSink(options: FileSinkOptions): ManagedAuditSink {
  return createQueuedSink(new FileTarget(options), options);
}

class FileTarget implements LogTarget {
  readonly #options: FileSinkOptions;
  readonly #ledger: Ledger;
  #file: LogFile | null = null;
  #index = 0;
  #hasBegun = false;
  /** The log's own records, which go before what waits. */
  #notices: string[] = [];
  #records: string[] = [];
  /** What stands between the last line that was written and the next one. */
  #failure: { readonly path: string; readonly code: string } | null = null;
  #mustInspect = false;
  #inspectedMs = 0;
  #isHeadWritten = true;
  before: Standing = { policy: null, config: null };

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
  }

  get pending(): number {
    return this.#records.length;
  }

  /** A spell of failing ends with the first file that opens, the primary before the others. */
  open(): string | null {
    if (this.#file !== null) return null;
    return this.#openFrom(0, new Set());
  }

  take(records: readonly string[]): void {
    for (const record of records) this.#records.push(record);
  }

  omit(): void {
    this.#ledger.omit();
  }

  stand(standing: Partial<Standing>): void {
    this.#ledger.stand(standing);
  }

  get owesCheckpoint(): boolean {
    return this.#ledger.isOpen;
  }

  checkpoint(reason: CheckpointReason): void {
    this.#ledger.ask(reason);
  }

  inspect(): void {
    this.#mustInspect = true;
  }

  async commit(): Promise<void> {
    const failed = new Set<number>();
    await this.#guarded(failed, () => this.#inspectNow());
    for (;;) {
      await this.#guarded(failed, () => this.#rotateIfDue());
      const segment = this.#propose();
      if (segment === null) break;
      await this.#guarded(failed, () => this.#write(segment));
    }
  }

  close(whole: boolean): void {
    this.#file?.close();
    this.#file = null;
    if (whole) quietly(() => removeMarker(this.#options.paths[0]));
  }

  /** Runs a step; when it fails, the log goes on in the next file, or the failure is thrown. */
  async #guarded(failed: Set<number>, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      failed.add(this.#index);
      this.#giveUp(codeOf(error));
      const code = this.#openFrom(this.#index + 1, failed);
      if (code !== null) throw new LogFailure(code, { cause: error });
    }
  }

  #giveUp(code: string): void {
    // The first failure since the last line is the one that is told.
    this.#failure ??= { path: this.#options.paths[this.#index] ?? "", code };
    this.#file?.close();
    this.#file = null;
  }

  /** Tries each file once, but those that have failed just now; null, or the last one's code. */
  #openFrom(start: number, failed: ReadonlySet<number>): string | null {
    const { paths } = this.#options;
    let code = this.#failure?.code ?? "UNKNOWN";
    for (let step = 0; step < paths.length; step++) {
      const index = (start + step) % paths.length;
      if (failed.has(index)) continue;
      try {
        this.#openAt(index);
        return null;
      } catch (error) {
        code = codeOf(error);
        this.#failure ??= { path: paths[index] ?? "", code };
      }
    }
    return code;
  }

  #openAt(index: number): void {
    const { paths, clock } = this.#options;
    const path = paths[index] ?? "";
    if (!this.#hasBegun) this.#begin(path);
    else if (existsSync(path)) recoverTail(path);
    this.#file = new LogFile(path);
    this.#index = index;
    this.#inspectedMs = clock.now();
    quietly(() => writeMarker(paths[0], this.#ledger.position));
  }

  /** Once: what the last run has left, in whichever of the files. */
  #begin(path: string): void {
    const { paths, version, clock, onStart } = this.#options;
    const beginning = beginningOf(paths, path, this.#headPath);
    const { position, previous, torn, crash, standing, lost } = beginning;
    this.#hasBegun = true;
    if (position !== null) this.#ledger.resume(position);
    this.before = standing;
    const timestamp = new Date(clock.now()).toISOString();
    const head = lost === null ? {} : { head: lost };
    const start = { kind: "start", timestamp, version, previous, torn, crash, ...head } as const;
    this.#notices.push(encodeRecord(start));
    onStart?.(beginning);
  }

  #propose(): Segment | null {
    const changed = this.#failure === null ? [] : [this.#switchRecord()];
    const notices = [...this.#notices, ...changed];
    return this.#ledger.propose(notices.length > 0 ? notices : this.#records);
  }

  async #write(segment: Segment): Promise<void> {
    const file = this.#opened();
    const { whole, error } = await file.append(segment.lines, this.#options.sync);
    const hadNotices = this.#failure !== null || this.#notices.length > 0;
    this.#ledger.advance(segment, whole);
    if (segment.reason === null && whole > 0) {
      if (hadNotices) this.#settleNotices(whole);
      else this.#records.splice(0, whole);
    }
    if (segment.reason !== null && whole > 0) {
      quietly(() => writeMarker(this.#options.paths[0], this.#ledger.position));
      this.#keepHead(segment.lines[0] ?? "");
    }
    tell(this.#options.tap, segment.lines.slice(0, whole));
    if (error !== null) throw error;
  }

  get #headPath(): string {
    return this.#options.headPath ?? `${this.#options.paths[0]}.head`;
  }

  /** The log itself goes on without it. */
  #keepHead(checkpoint: string): void {
    try {
      writeHead(this.#headPath, checkpoint);
      this.#isHeadWritten = true;
    } catch (error) {
      if (this.#isHeadWritten) this.#options.onHeadFailure?.(codeOf(error));
      this.#isHeadWritten = false;
    }
  }

  #settleNotices(count: number): void {
    const left = count - this.#notices.splice(0, count).length;
    if (this.#failure !== null && left > 0) {
      const { path, code } = this.#failure;
      const to = basename(this.#opened().path);
      this.#options.onSwitch?.({ from: basename(path), to, code, index: this.#index });
      this.#failure = null;
    }
    quietly(() => removeBreadcrumb(this.#options.paths[0]));
  }

  #switchRecord(): string {
    const timestamp = new Date(this.#options.clock.now()).toISOString();
    const { path = "", code = "" } = this.#failure ?? {};
    const to = basename(this.#opened().path);
    return encodeRecord({ kind: "switch", timestamp, from: basename(path), to, code });
  }

  async #inspectNow(): Promise<void> {
    const now = this.#options.clock.now();
    const isRecent = Math.abs(now - this.#inspectedMs) < INSPECT_EVERY_MS;
    if (isRecent && !this.#mustInspect) return;
    this.#mustInspect = false;
    this.#inspectedMs = now;
    await this.#opened().inspect();
  }

  async #rotateIfDue(): Promise<void> {
    const { fileMaxBytes, fileMaxAgeMs } = this.#options.rotation;
    const file = this.#opened();
    if (!file.isRegular || file.size === 0 || this.#records.length === 0) return;
    // The first line of a run stands behind the last of the one before, with nothing between them.
    if (this.#notices.length > 0) return;
    const age = this.#options.clock.now() - file.born;
    if (file.size < fileMaxBytes && age < fileMaxAgeMs) return;

    const firstSeq = file.firstSeq();
    if (firstSeq === null) return;
    await this.#write(this.#ledger.checkpoint("rotation"));
    await file.sync();
    this.#file = null;
    file.retire(rotatedPath(file.path, firstSeq));
    this.#file = new LogFile(file.path);
    await this.#retain(file.path);
  }

  /** What is removed is told first, so that a missing file can be told from a deleted one. */
  async #retain(path: string): Promise<void> {
    const { rotation, clock } = this.#options;
    const rotated = rotatedFiles(path);
    const surplus = rotation.keepFiles === null ? 0 : rotated.length - rotation.keepFiles;
    const horizon = rotation.keepMs === null ? 0 : clock.now() - rotation.keepMs;
    const old = rotated.filter(({ modifiedMs }, index) => index < surplus || modifiedMs < horizon);
    const last = old.at(-1);
    if (last === undefined) return;
    const next = rotated[rotated.indexOf(last) + 1]?.firstSeq ?? this.#ledger.position.seq + 1;
    const files = old.map((each) => basename(each.path));
    const timestamp = new Date(clock.now()).toISOString();
    const record = encodeRecord({ kind: "retention", timestamp, through_seq: next - 1, files });
    this.#notices.push(record);
    const segment = this.#propose();
    if (segment !== null) await this.#write(segment);
    for (const each of old) rmSync(each.path, { force: true });
  }

  #opened(): LogFile {
    if (this.#file === null) throw new LogFailure("CLOSED");
    return this.#file;
  }
}

/** Marks beside the log help the next run to tell what happened; the log itself does without. */
function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // A folder that may not be written to fails with the log's own file.
  }
}

import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
} from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { readLink } from "./chain.ts";
import { syncData, writeSome } from "./descriptor.ts";
import { LogFailure } from "./log-failure.ts";
import { codeOf } from "./sink.ts";

const FILE_MODE = 0o600;
const LINE_BREAK = 0x0a;
const FIRST_LINE_MAX_BYTES = 1024 * 1024;
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
/** What is no regular file may not be readable. */
const WRITE_ONLY = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/** One open file of the log: its owner alone may read it. Only whole lines stay in it. */
export class LogFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #opened: Stats;
  #size: number;
  #bornMs: number;

  /** Throws the system's errors. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openFile(path);
    this.#opened = fstatSync(this.#descriptor);
    this.#size = this.#opened.size;
    this.#bornMs = this.#opened.birthtimeMs || this.#opened.ctimeMs;
    if (this.isRegular) fchmodSync(this.#descriptor, FILE_MODE);
  }

  get isRegular(): boolean {
    return this.#opened.isFile();
  }

  get size(): number {
    return this.#size;
  }

  /** Milliseconds since 1970. */
  get born(): number {
    return this.#bornMs;
  }

  /** Writes all lines, or tells with the failure how many of them stand in the file whole. */
  async append(lines: readonly string[], mustSync: boolean): Promise<Appended> {
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += await writeSome(this.#descriptor, bytes.subarray(written));
      }
      if (mustSync) {
        const unsure = written;
        // What the disk would not confirm does not stand.
        written = 0;
        await this.sync();
        written = unsure;
      }
      this.#size += bytes.length;
      return { whole: lines.length, error: null };
    } catch (error) {
      const end = bytes.subarray(0, written).lastIndexOf(LINE_BREAK) + 1;
      this.#takeBack(end);
      const whole = bytes.subarray(0, end).filter((byte) => byte === LINE_BREAK).length;
      return { whole, error };
    }
  }

  sync(): Promise<void> {
    return this.isRegular ? syncData(this.#descriptor) : Promise.resolve();
  }

  /** Rejects when others would look in vain for what is written here. */
  async inspect(): Promise<void> {
    if (!this.isRegular) return;
    const found = await stat(this.path).catch((error: unknown) => {
      throw codeOf(error) === "ENOENT" ? new LogFailure("FILE_DELETED") : error;
    });
    if (found.ino !== this.#opened.ino || found.dev !== this.#opened.dev) {
      throw new LogFailure("FILE_REPLACED");
    }
    if (found.size < this.#size) throw new LogFailure("FILE_CUT");
    await access(dirname(this.path), constants.W_OK | constants.X_OK);
  }

  /** The number of the first line; null where there is none. */
  firstSeq(): number | null {
    const bytes = Buffer.alloc(Math.min(this.#size, FIRST_LINE_MAX_BYTES));
    const read = bytes.subarray(0, readSync(this.#descriptor, bytes, 0, bytes.length, 0));
    const end = read.indexOf(LINE_BREAK);
    return end === -1 ? null : (readLink(read.subarray(0, end))?.seq ?? null);
  }

  /** Gives the file another name, and the descriptor back. */
  retire(path: string): void {
    try {
      if (existsSync(path)) throw new LogFailure("EEXIST");
      renameSync(this.path, path);
    } finally {
      this.close();
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** A part of a line would run into the next; where even this fails, the next start sees to it. */
  #takeBack(end: number): void {
    this.#size += end;
    if (!this.isRegular) return;
    try {
      ftruncateSync(this.#descriptor, this.#size);
    } catch {
      // The file is given up anyway.
    }
  }
}

/** How far a write got. */
export interface Appended {
  readonly whole: number;
  readonly error: unknown;
}

function openFile(path: string): number {
  try {
    return openSync(path, APPEND, FILE_MODE);
  } catch (error) {
    if (codeOf(error) !== "ENXIO" && codeOf(error) !== "EINVAL") throw error;
    return openSync(path, WRITE_ONLY);
  }
}

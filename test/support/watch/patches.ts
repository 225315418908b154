/**
 * Made once in a process, however many test files it runs: every way to start a process, and to make
 * and remove a folder, is looked at.
 */

import { ChildProcess } from "node:child_process";
import fs from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { gather, gatherFiles } from "./gather.ts";
import { SINK } from "./sink.ts";

/** Folders that were made and may be left. */
export const foldersMade = new Set<string>();

if (process.env[SINK] !== undefined) {
  watchProcesses();
  watchFolders();
}

/** Every way to start a process that does not block goes through this method. */
function watchProcesses(): void {
  const prototype: { spawn?: Spawn } = ChildProcess.prototype as object;
  const { spawn } = prototype;
  if (spawn === undefined) throw new Error("this Node starts its processes in another way");
  prototype.spawn = function (this: ChildProcess, options) {
    const outcome = spawn.call(this, options);
    const ours = oursOf(options);
    if (ours !== null) {
      if (!ours.isData) watchStream(this.stdout, ours.name, "stdout");
      watchStream(this.stderr, ours.name, "stderr");
    }
    return outcome;
  };
}

type Spawn = (this: ChildProcess, options: SpawnOptions) => unknown;

interface SpawnOptions {
  readonly file: string;
  readonly args?: readonly string[];
}

const PROGRAM = /(?:^|\/)(?:src\/main\.ts|dist\/main\.js|demo\/(?:start|agent)\.ts)$/;
const PROXY = /(?:^|\/)(?:envoy|rsyslogd|impedance-test-otelcol)$/;
/** Commands whose standard output is the data that they were given to clean, or to show. */
const DATA_COMMANDS = /^scan$/;

/** What of a process is an output of ours; null where it is a peer's, or a tool's. */
function oursOf({ file, args = [] }: SpawnOptions) {
  const at = args.findIndex((arg) => PROGRAM.test(arg));
  if (at < 0) return PROXY.test(file) ? { name: file.replace(/.*\//, ""), isData: false } : null;
  const command = args[at + 1] ?? "";
  const isData = DATA_COMMANDS.test(command) || args.includes("--analyst-key");
  // What is no command may be anything.
  const name = /^[a-z]{1,10}$/.test(command) ? `impedance ${command}` : "impedance";
  return { name, isData };
}

let streams = 0;

/** What was read is seen on its way into the stream: nobody who reads it later is disturbed. */
function watchStream(stream: ChildProcess["stdout"], name: string, which: string): void {
  if (stream === null || stream === undefined) return;
  streams += 1;
  const label = `${name} ${which} #${streams}`;
  const push = stream.push;
  stream.push = function (chunk: unknown, encoding?: BufferEncoding) {
    if (chunk instanceof Uint8Array) gather(name, label, chunk);
    return push.call(this, chunk, encoding);
  };
}

/** Looks through a folder before it is removed. */
function watchFolders(): void {
  const { rm, mkdtemp } = files;
  const { rmSync, mkdtempSync } = fs;
  const look = (path: unknown) => {
    const text = path instanceof URL ? path.pathname : String(path);
    quietly(text);
    foldersMade.delete(text);
  };
  files.rm = async (path, options) => {
    look(path);
    return rm(path, options);
  };
  fs.rmSync = (path, options) => {
    look(path);
    rmSync(path, options);
  };
  const note = (folder: string): string => {
    foldersMade.add(folder);
    return folder;
  };
  Object.assign(files, {
    mkdtemp: async (prefix: string) => note(await mkdtemp(prefix)),
  });
  Object.assign(fs, { mkdtempSync: (prefix: string) => note(mkdtempSync(prefix)) });
  syncBuiltinESMExports();
}

/** A file that a process still writes, or takes away, is no reason for a test to fail. */
export function quietly(path: string): void {
  try {
    gatherFiles(path);
  } catch {
    // It is gone, or not to be read.
  }
}

/**
 * Before each test file: from here on, what our own processes write, and the logs in folders that
 * tests remove, are looked through for canaries. Tests need not do anything for it.
 */

import { ChildProcess } from "node:child_process";
import fs, { existsSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, expect } from "vitest";
import { gather, gatherFiles, setRunning, settle } from "./gather.ts";
import { SINK } from "./sink.ts";

if (process.env[SINK] !== undefined) watch();

function watch(): void {
  setRunning(() => expect.getState());
  watchProcesses();
  const folders = watchFolders();
  // The first hook of a file runs last: what tests have left behind is looked through too.
  afterAll(() => {
    for (const folder of folders) if (existsSync(folder)) quietly(folder);
    folders.clear();
    settle();
  });
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

/** Looks through a folder before it is removed; the folders that were made and may be left. */
function watchFolders(): Set<string> {
  const made = new Set<string>();
  const { rm, mkdtemp } = files;
  const { rmSync, mkdtempSync } = fs;
  const look = (path: unknown) => {
    const text = path instanceof URL ? path.pathname : String(path);
    quietly(text);
    made.delete(text);
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
    made.add(folder);
    return folder;
  };
  Object.assign(files, {
    mkdtemp: async (prefix: string) => note(await mkdtemp(prefix)),
  });
  Object.assign(fs, { mkdtempSync: (prefix: string) => note(mkdtempSync(prefix)) });
  syncBuiltinESMExports();
  return made;
}

/** A file that a process still writes, or takes away, is no reason for a test to fail. */
function quietly(path: string): void {
  try {
    gatherFiles(path);
  } catch {
    // It is gone, or not to be read.
  }
}

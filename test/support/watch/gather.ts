import {
  appendFileSync,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createSearch, type Search } from "./search.ts";
import { SINK } from "./sink.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CHUNK_BYTES = 1024 * 1024;

interface Running {
  readonly testPath?: string | undefined;
  readonly currentTestName?: string | undefined;
}

/** Which test runs; benchmarks use what tests use, and have none. */
let running = (): Running => ({});

export function setRunning(ask: () => Running): void {
  running = ask;
}

/** How much of each kind of output was looked through in this process. */
const seen = new Map<string, number>();
const streams = new Map<string, Search>();

/** Looks through a piece of an output; pieces of one `stream` follow each other. */
export function gather(kind: string, stream: string, bytes: Uint8Array): void {
  const sink = process.env[SINK];
  if (sink === undefined) return;
  seen.set(kind, (seen.get(kind) ?? 0) + bytes.length);
  const search = streams.get(stream) ?? createSearch();
  streams.set(stream, search);
  for (const canary of search.look(bytes)) {
    const { testPath = "", currentTestName = "" } = running();
    const found = { canary, stream, test: relative(ROOT, testPath), name: currentTestName };
    appendFileSync(join(sink, "found.jsonl"), `${JSON.stringify(found)}\n`);
  }
}

/** By their names: logs, what was rotated away from them or set aside, and what a run leaves. */
const OUTPUT = /\.jsonl(?:\.torn-\w+)?$|\.log$|\.(?:crash|running|head)$/;

/** Looks through the outputs in a folder, or through one file, before it is gone. */
export function gatherFiles(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory() === true) {
    for (const entry of readdirSync(path)) {
      if (entry !== "node_modules") gatherFiles(join(path, entry));
    }
  } else if (status?.isFile() === true && OUTPUT.test(path)) gatherFile(path);
}

function gatherFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const length = readSync(descriptor, buffer);
      if (length === 0) break;
      gather("files", `file ${basename(path)}`, buffer.subarray(0, length));
    }
  } finally {
    streams.delete(`file ${basename(path)}`);
    closeSync(descriptor);
  }
}

/** Tells the check of the whole run how much there was. */
export function settle(): void {
  const sink = process.env[SINK];
  if (sink === undefined || seen.size === 0) return;
  const name = `seen-${process.pid}-${process.hrtime.bigint()}.json`;
  writeFileSync(join(sink, name), JSON.stringify(Object.fromEntries(seen)));
  seen.clear();
}

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Position } from "./chain.ts";
import type { Breadcrumb } from "./records.ts";

/**
 * Two small files beside the log. `.running` is there while a run writes: found at a start, it
 * tells of a run that was ended from outside. `.crash` is what a fault of ours leaves behind.
 */
export interface RunMarker {
  /** Whether another process that still runs holds the log. */
  readonly heldBy: number | null;
  /** What a run that did not end by itself left; null where the last one did. */
  readonly left: { readonly lane: string; readonly seq: number } | null;
  readonly crash: Breadcrumb | null;
}

const PRIVATE = { mode: 0o600 };
const FRAMES_MAX = 20;
const FRAME = /^[\w./@-]{1,200}:\d{1,7}:\d{1,7}$/;
const WORD = /^\w{1,64}$/;

export function readMarker(path: string): RunMarker {
  const running = readJson(`${path}.running`);
  const crash = readJson(`${path}.crash`);
  const left =
    running === null ? null : { lane: String(running.lane ?? ""), seq: Number(running.seq ?? 0) };
  return { heldBy: holderOf(running), left, crash: crash === null ? null : breadcrumbOf(crash) };
}

/** Says that this process writes the log, and how far its chain had come. */
export function writeMarker(path: string, { lane, seq }: Position): void {
  const marker = { pid: process.pid, started: startOf(process.pid), lane, seq };
  writeFileSync(`${path}.running`, JSON.stringify(marker), PRIVATE);
}

export function removeMarker(path: string): void {
  rmSync(`${path}.running`, { force: true });
}

/** What a crash has left is told once. */
export function removeBreadcrumb(path: string): void {
  rmSync(`${path}.crash`, { force: true });
}

export function writeBreadcrumb(path: string, breadcrumb: Breadcrumb): void {
  writeFileSync(`${path}.crash`, JSON.stringify(breadcrumb), PRIVATE);
}

/** An error without its message, which may quote what a peer sent; frames of our own files only. */
export function describeCrash(error: unknown, now: number): Breadcrumb {
  const known = error instanceof Error ? error : new Error();
  const code = "code" in known && typeof known.code === "string" ? known.code : "";
  const frames = [...(known.stack ?? "").matchAll(/\(?(?:file:\/\/)?(\/[^\s()]+:\d+:\d+)\)?$/gm)];
  return {
    timestamp: new Date(now).toISOString(),
    error: error instanceof Error && WORD.test(error.name) ? error.name : typeof error,
    system_code: WORD.test(code) ? code : null,
    frames: frames.flatMap(([, frame = ""]) => ownFrame(frame)).slice(0, FRAMES_MAX),
  };
}

/** `src/…` or `dist/…` of this package; nothing of where it is installed. */
function ownFrame(frame: string): readonly string[] {
  if (frame.includes("/node_modules/") && !frame.includes("/node_modules/impedance/")) return [];
  const own = /\/((?:src|dist)\/[^:]*:\d+:\d+)$/.exec(frame)?.[1];
  return own !== undefined && FRAME.test(own) ? [own] : [];
}

/** What stands in the file is put into the log: only what has our own form is. */
function breadcrumbOf(crash: Fields): Breadcrumb {
  const { timestamp, error, system_code, frames } = crash;
  const word = (value: unknown) => (typeof value === "string" && WORD.test(value) ? value : null);
  const listed: readonly unknown[] = Array.isArray(frames) ? frames.slice(0, FRAMES_MAX) : [];
  const time = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return {
    timestamp: new Date(Number.isNaN(time) ? 0 : time).toISOString(),
    error: word(error) ?? "unknown",
    system_code: word(system_code),
    frames: listed.filter((frame) => typeof frame === "string" && FRAME.test(frame)).map(String),
  };
}

interface Fields {
  readonly [field: string]: unknown;
}

function readJson(path: string): Fields | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return null;
  }
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}

/** A process number is used anew: the time at which the process began tells who it is. */
function holderOf(running: Fields | null): number | null {
  const pid = running?.pid;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid === process.pid) return null;
  const started = startOf(pid);
  return started !== null && started === running?.started ? pid : null;
}

/** In clock ticks since the machine began, of a process that runs; null where that is not told. */
function startOf(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

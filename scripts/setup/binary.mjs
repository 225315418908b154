/**
 * Finds a binary of a sufficient version. Asking a 100 MB binary for its version takes longer
 * than a whole run may wait, so that the answer is kept until the file changes.
 */

import { execFileSync, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { lastLines, SetupFailure } from "./failure.mjs";
import { toolsBinDirectory, toolsDirectory } from "./paths.mjs";

const memory = join(toolsDirectory, "versions.json");
const versionTimeoutMs = 20_000;

/**
 * The path of the binary that `tool` describes: the one its environment variable names, else the
 * first good one in PATH, else our own in `.tools/bin`. A named one that will not do is a failure,
 * because something else in its place would be a surprise.
 */
export function findBinary(tool) {
  const named = process.env[tool.variable];
  if (named) return requireNamed(tool, resolve(named));

  return [...inPath(tool.command), join(toolsBinDirectory, tool.command)].find(
    (path) => isExecutable(path) && tool.accepts(versionOf(tool, path)),
  );
}

/** Each binary in PATH that would not do, in words, for the message of a failure. */
export function rejectedInPath(tool) {
  const found = inPath(tool.command).filter(isExecutable);
  if (found.length === 0) return [`PATH, which has no ${tool.command}`];
  return found.map((path) => `${path}, version ${versionOf(tool, path)?.join(".") ?? "unknown"}`);
}

function requireNamed(tool, path) {
  const version = isExecutable(path) ? versionOf(tool, path) : undefined;
  if (tool.accepts(version)) return path;
  throw new SetupFailure(
    `${tool.variable} names ${path}, which is not ${tool.command} ${tool.wanted}`,
    { remedy: `set ${tool.variable} to such a binary, or unset it` },
  );
}

function inPath(command) {
  const directories = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return directories.map((directory) => join(directory, command));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `[major, minor, patch]`, or undefined if the binary does not say. */
function versionOf(tool, path) {
  const { size, mtimeMs } = statSync(path);
  const known = remembered();
  const entry = known[path];
  if (entry?.size === size && entry.mtimeMs === mtimeMs) return entry.version;

  const version = askVersion(tool, path);
  if (version !== undefined) remember({ ...known, [path]: { size, mtimeMs, version } });
  return version;
}

function askVersion(tool, path) {
  const options = {
    encoding: "utf8",
    timeout: versionTimeoutMs,
    stdio: ["ignore", "pipe", "pipe"],
  };
  const { status, stdout } = spawnSync(path, tool.versionArgs, options);
  if (status !== (tool.versionStatus ?? 0)) return undefined;
  const match = tool.versionPattern.exec(stdout);
  return match === null ? undefined : match.slice(1, 4).map(Number);
}

function remembered() {
  try {
    return JSON.parse(readFileSync(memory, "utf8"));
  } catch {
    return {};
  }
}

function remember(versions) {
  mkdirSync(toolsDirectory, { recursive: true });
  const draft = `${memory}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(versions, null, 2)}\n`);
  renameSync(draft, memory);
}

/** Confirms that what was just installed works, before anyone relies on it. */
export function requireInstalled(tool, path) {
  if (isExecutable(path) && tool.accepts(versionOf(tool, path))) return path;
  throw new SetupFailure(`the installed ${tool.command} does not run here`, {
    tried: [`${path} ${tool.versionArgs.join(" ")}: ${firstWords(tool, path)}`],
    remedy: `set ${tool.variable} to a ${tool.command} ${tool.wanted} that does`,
  });
}

function firstWords(tool, path) {
  try {
    return lastLines(execFileSync(path, tool.versionArgs, { encoding: "utf8", stdio: "pipe" }));
  } catch (error) {
    return lastLines(error.message);
  }
}

/**
 * One set-up at a time in a checkout. The lock is a file that holds its owner's process id; it
 * comes into being complete (`link` is atomic), and a lock whose owner is gone is taken over.
 */

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupFailure, step } from "./failure.mjs";
import { toolsDirectory } from "./paths.mjs";

const lock = join(toolsDirectory, "setup.lock");
const waitMs = 20 * 60_000;
const pollMs = 500;

let held = false;

/** Runs `work` under the lock; a part that needs another part may nest. */
export async function withLock(work) {
  if (held) return work();
  await acquire();
  held = true;
  try {
    return await work();
  } finally {
    held = false;
    rmSync(lock, { force: true });
  }
}

async function acquire() {
  const giveUpAt = performance.now() + waitMs;
  let announced;
  while (!take()) {
    const owner = ownerOfLock();
    if (owner === undefined || !isAlive(owner)) {
      breakLock(owner);
      continue;
    }
    if (performance.now() > giveUpAt) {
      const remedy = `end process ${owner}, or delete ${lock} if that is not a set-up`;
      throw new SetupFailure("another set-up does not come to an end", { remedy });
    }
    if (announced !== owner) step(`waiting for the set-up of process ${owner}`);
    announced = owner;
    await sleep(pollMs);
  }
}

function take() {
  mkdirSync(toolsDirectory, { recursive: true });
  const claim = `${lock}.${process.pid}`;
  writeFileSync(claim, `${process.pid}\n`);
  try {
    linkSync(claim, lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(claim, { force: true });
  }
}

function ownerOfLock() {
  try {
    return Number.parseInt(readFileSync(lock, "utf8"), 10);
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Moves a dead owner's lock away; if a live one was moved by mistake, it is put back. */
function breakLock(owner) {
  if (owner === undefined) return;
  const moved = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, moved);
    if (Number.parseInt(readFileSync(moved, "utf8"), 10) !== owner) linkSync(moved, lock);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(moved, { force: true });
  }
}

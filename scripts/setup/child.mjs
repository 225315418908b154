/**
 * Child processes that never outlive their reason: a signal to us reaches the child, and when our
 * own parent is gone (a killed `npm`, a closed terminal) the child is ended too.
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";

const forwardedSignals = ["SIGINT", "SIGTERM", "SIGHUP"];
const parentPollMs = 1_000;
const killAfterMs = 10_000;

/** npm repeats the signal that the terminal or the process group already delivered. */
const repeatWindowMs = 1_000;
const terminalGraceMs = 3_000;

export const commandNotFoundCode = 127;

/**
 * Runs a command to its end. With `capture`, what it prints is returned instead of shown.
 * Rejects only if the command cannot be started.
 */
export async function run(program, args, { capture = false, ...options } = {}) {
  const stdio = capture ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2];
  const child = spawn(program, args, { stdio, ...options });
  const output = { stdout: "", stderr: "" };
  for (const stream of capture ? ["stdout", "stderr"] : []) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      output[stream] += text;
    });
  }

  const release = tieTo(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, ...output }));
    });
  } finally {
    release();
  }
}

/** Ends this process as the child ended: the same exit code, or the same signal. */
export function endLike({ code, signal }) {
  if (signal === null) {
    process.exitCode = code;
    return;
  }
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
}

/** Ties the child's life to ours; returns the way to undo it. */
function tieTo(child) {
  const handlers = forwardedSignals.map((signal) => [signal, forwarder(child, signal)]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  const parentWatch = watchParent(child);

  return () => {
    clearInterval(parentWatch);
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/**
 * Ctrl-C reaches every process of the terminal, the child included, so that forwarding it would
 * deliver it twice. Who sent a signal cannot be told: at a terminal the child gets a moment to
 * act on its own before we repeat it.
 */
function forwarder(child, signal) {
  let forwardedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - forwardedAt < repeatWindowMs) return;
    forwardedAt = now;

    const fromTerminal = signal === "SIGINT" && process.stdin.isTTY === true;
    if (fromTerminal) setTimeout(() => sendSignal(child, signal), terminalGraceMs).unref();
    else sendSignal(child, signal);
  };
}

function watchParent(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    sendSignal(child, "SIGTERM");
    setTimeout(() => sendSignal(child, "SIGKILL"), killAfterMs).unref();
  }, parentPollMs);
  return timer.unref();
}

function sendSignal(child, signal) {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

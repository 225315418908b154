import { type ChildProcess, spawn } from "node:child_process";

/** A command that vouches for a file: `cosign verify-blob …`, `slsa-verifier verify-artifact …`. */
export interface VerifierSettings {
  /** The program's absolute path, and its arguments; `{file}` and `{sha256}` are filled in. */
  readonly command: readonly string[];
  readonly deadlineMs: number;
}

export type VerifierOutcome = "verified" | "refused" | "late" | "not_started";

/** What such a command needs of our surroundings; the secrets that we were given stay here. */
const VARIABLES = [
  ...["PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TUF_ROOT"],
];

/**
 * Runs a verifier on a file, without a shell. Its word is its exit code; what it prints is not read.
 * FAIL CLOSED: anything but exit code 0 in time vouches for nothing.
 */
export function runVerifier(
  { command, deadlineMs }: VerifierSettings,
  file: string,
  sha256: string,
): Promise<VerifierOutcome> {
  const [program = "", ...args] = command.map((part) =>
    part.replaceAll("{file}", () => file).replaceAll("{sha256}", () => sha256),
  );
  const outcome = Promise.withResolvers<VerifierOutcome>();
  // In a group of its own, so that its end is the end of what it started too.
  const child = start(program, args);
  if (child === null) return Promise.resolve("not_started");
  const timer = setTimeout(() => {
    outcome.resolve("late");
    endGroup(child.pid);
  }, deadlineMs);
  child.on("error", () => outcome.resolve("not_started"));
  child.on("exit", (code) => outcome.resolve(code === 0 ? "verified" : "refused"));
  return outcome.promise.finally(() => clearTimeout(timer));
}

/** Null where it is not even tried: without memory for it, or with an argument that is none. */
function start(program: string, args: readonly string[]): ChildProcess | null {
  try {
    return spawn(program, args, { stdio: "ignore", detached: true, env: surroundings() });
  } catch {
    return null;
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function surroundings(): { readonly [name: string]: string } {
  return Object.fromEntries(
    VARIABLES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

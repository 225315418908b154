import { execFile } from "node:child_process";
import { err, ok, type Result } from "../../core/result.ts";

/** How a run of `opa` ended. */
export interface OpaRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;
const DEADLINE_MS = 300_000;

/** Runs `opa`, of `IMPEDANCE_OPA` or of PATH. The error says that there is none, and what to do. */
export function runOpa(
  args: readonly string[],
  cwd: string = process.cwd(),
): Promise<Result<OpaRun, string>> {
  const binary = process.env.IMPEDANCE_OPA ?? "opa";
  const options = { cwd, maxBuffer: OUTPUT_MAX_BYTES, timeout: DEADLINE_MS };
  return new Promise((resolve) => {
    execFile(binary, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(ok({ code: 0, stdout, stderr }));
      else if (typeof error.code === "number") resolve(ok({ code: error.code, stdout, stderr }));
      else resolve(err(explain(binary, error.code ?? null)));
    });
  });
}

function explain(binary: string, code: string | null): string {
  if (code !== "ENOENT") return `${binary} did not end by itself; nothing was changed`;
  return `${binary} is not there: put opa 1.22 or a newer 1.x in PATH, or set IMPEDANCE_OPA to it`;
}

/** What `opa` said was wrong, one complaint each; lines that are set in belong to the one before. */
export function complaintsOf({ stdout, stderr }: OpaRun): readonly string[] {
  const text = stderr.trim() === "" ? stdout : stderr;
  const complaints: string[] = [];
  for (const line of text.split("\n")) {
    // Such a line only counts those that follow.
    if (line.trim() === "" || /^(?:error: )?\d+ errors? occurred:\s*$/.test(line)) continue;
    const last = complaints.length - 1;
    if (/^\s/.test(line) && last >= 0) complaints[last] += `\n${line}`;
    else complaints.push(line.replace(/^(?:error: )?\d+ errors? occurred: /, ""));
  }
  return complaints;
}

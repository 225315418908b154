import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** A portable policy that lets everything through which no rule denies. */
export const ALLOW = 'policy_id: t\nversion: "1"\ndefault: allow\nallow_rules: [{ method: "*" }]\n';

export interface ScanFiles {
  readonly config?: string;
  readonly policy?: string;
  /** Of the configuration's folder, by name: its keys. */
  readonly others?: { readonly [name: string]: string };
}

/** What `impedance scan` makes of the lines, with these files for configuration and policy. */
export async function scan(
  { config = "", policy = ALLOW, others = {} }: ScanFiles,
  lines: readonly unknown[],
  ...args: readonly string[]
) {
  const folder = await mkdtemp(join(tmpdir(), "impedance-scan-"));
  try {
    const files = { "impedance.yaml": config, "policy.yaml": policy, ...others };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content);
    }
    const options = [
      ...["--config", join(folder, "impedance.yaml")],
      ...["--policy", join(folder, "policy.yaml")],
    ];
    const child = spawn(process.execPath, ["src/main.ts", "scan", ...args, ...options]);
    child.stdin.end(lines.map((line) => JSON.stringify(line)).join("\n"));
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (child.exitCode === null) await once(child, "exit");
    const answers = output
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return { answers, errors, code: child.exitCode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A call of a tool with `content`, as a line of the input. */
export function call(name: string, content: unknown) {
  const params = { name, arguments: { path: "a", content } };
  return { id: 1, message: { jsonrpc: "2.0", id: 1, method: "tools/call", params } };
}

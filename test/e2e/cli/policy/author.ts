import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { impedance } from "../command.ts";

/** A folder of an author's, which is gone after the test. */
export interface Author extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
  write(name: string, text: string): Promise<string>;
}

export async function createAuthor(
  files: { readonly [name: string]: string } = {},
): Promise<Author> {
  const folder = await mkdtemp(join(tmpdir(), "impedance-author-"));
  const path = (name: string) => join(folder, name);
  const write = async (name: string, text: string) => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), text);
    return path(name);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, path, write, [Symbol.asyncDispose]: remove };
}

/** Runs `impedance policy …`; `json` is what it printed, of `--format json`. */
export async function policy(args: readonly string[], input = "") {
  const ended = await impedance(["policy", ...args], input);
  return { ...ended, json: args.includes("json") ? JSON.parse(ended.stdout) : null };
}

/** A rule of an author's own: payments in office hours, which data says. */
export const OFFICE = `# METADATA
# title: Office hours
# description: Payments are made while somebody watches.
# scope: package
package mcp.rules.acme

import data.mcp.lib.reasons

# METADATA
# description: Payments are made in office hours only.
# custom:
#   code: closed
#   severity: medium
#   rank: 20
#   remedy: Try again between 8 and 18 o'clock UTC.
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.message.tool == "pay"
	not _open
}

_open if {
	input.time.hour >= data.impedance.office.from
	input.time.hour < data.impedance.office.to
}
`;

export const OFFICE_DATA = JSON.stringify({
  office: { from: 8, to: 18 },
  banned_tools: ["shell"],
  limits: { request_max_bytes: 2048 },
});

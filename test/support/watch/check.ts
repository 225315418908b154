/** Around the whole run: fails it where a canary stands in any output. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SINK } from "./sink.ts";

interface Found {
  readonly canary: string;
  readonly stream: string;
  readonly test: string;
  readonly name: string;
}

const SHOWN_MAX = 20;

export function setup(): () => void {
  const sink = mkdtempSync(join(tmpdir(), "impedance-sink-"));
  process.env[SINK] = sink;
  return () => {
    delete process.env[SINK];
    const found = foundIn(sink);
    const seen = seenIn(sink);
    rmSync(sink, { recursive: true, force: true });
    if (found.length > 0) throw new Error(complaintOf(found));
    const all = [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
    const kinds = [...seen.keys()].sort().join(", ");
    if (all > 0) console.log(`no canary in ${all} bytes of output (${kinds})`);
  };
}

/** Names and places; never the value. */
function complaintOf(found: readonly Found[]): string {
  const lines = found.map(({ canary, stream, test, name }) => {
    return `  the ${canary} in ${stream}, of ${test}${name === "" ? "" : `: ${name}`}`;
  });
  const more = lines.length > SHOWN_MAX ? [`  … and ${lines.length - SHOWN_MAX} more`] : [];
  const head = "what was planted to be hidden stands in an output:";
  return [head, ...lines.slice(0, SHOWN_MAX), ...more].join("\n");
}

function foundIn(sink: string): readonly Found[] {
  const file = join(sink, "found.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Found);
}

function seenIn(sink: string): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  for (const name of readdirSync(sink)) {
    if (!name.startsWith("seen-")) continue;
    const counts: { readonly [kind: string]: number } = JSON.parse(
      readFileSync(join(sink, name), "utf8"),
    );
    for (const [kind, bytes] of Object.entries(counts)) {
      seen.set(kind, (seen.get(kind) ?? 0) + bytes);
    }
  }
  return seen;
}

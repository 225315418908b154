import type { Candidate } from "./rule.ts";

const SECRET_KIND = /kind["']?:[ \t]{0,8}["']?Secret\b/i;
const DATA_BLOCK = /(?:^|\n)([ \t]{0,16})["']?(?:data|stringData)["']?:[ \t]{0,4}\r?(?=\n)/g;
/** `name: value`, where the value may stand on the lines below. */
const ENTRY = new RegExp(
  String.raw`\n([ \t]{1,24})["']?[\w.-]{1,80}["']?:[ \t]{0,8}` +
    String.raw`(?:[|>][+-]?[ \t]{0,4}\r?\n[ \t]{1,32})?` +
    String.raw`["']?([A-Za-z0-9+/]{8,65536}={0,2})["']?[ \t]{0,8}\r?(?=\n|$)`,
  "y",
);
const OTHER_LINE = /\n([ \t]{0,24})[^\n]{0,65536}/y;

const NOTHING: readonly Candidate[] = [];

/** The values of Kubernetes Secrets in a manifest: each is secret, whatever it looks like. */
export function kubernetesSecrets(text: string): readonly Candidate[] {
  if (!text.includes("\n") || !text.includes("ata") || !SECRET_KIND.test(text)) return NOTHING;
  const found: Candidate[] = [];
  for (const block of text.matchAll(DATA_BLOCK)) {
    const indent = block[1]?.length ?? 0;
    readBlock(text, block.index + block[0].length, indent, found);
  }
  return found;
}

function readBlock(text: string, start: number, indent: number, found: Candidate[]): void {
  let at = start;
  while (at < text.length) {
    ENTRY.lastIndex = at;
    const entry = ENTRY.exec(text);
    if (entry !== null && (entry[1]?.length ?? 0) > indent) {
      const value = entry[2] ?? "";
      const valueStart = at + entry[0].lastIndexOf(value);
      found.push({
        kind: "kubernetes-secret",
        severity: "high",
        start: valueStart,
        end: valueStart + value.length,
      });
      at = ENTRY.lastIndex;
      continue;
    }
    OTHER_LINE.lastIndex = at;
    const line = OTHER_LINE.exec(text);
    if (line === null || (line[1]?.length ?? 0) <= indent) return;
    at = OTHER_LINE.lastIndex;
  }
}

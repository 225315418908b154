import type { Run } from "./decode/runs.ts";
import type { Candidate } from "./rule.ts";

/** `NNNNNNNNNNNN:` and twenty bytes of chance, in base64: a token of Jira or Confluence. */
const ATLASSIAN_LENGTH = 44;
/** An account number in base64, a time and a signature: a bot's token of Discord. */
const DISCORD_REST = /\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}(?![A-Za-z0-9_-])/y;
const NUMBER_IN_BASE64 = /^[MNO][ADQTgjwz][AEIMQUYcgk][012345wxyz]/;

const NOTHING: readonly Candidate[] = [];

/** Tokens that begin with a number in base64, and with no prefix that an index could hold. */
export function numberedTokens(text: string, runs: readonly Run[]): readonly Candidate[] {
  if (runs.length === 0) return NOTHING;
  const found: Candidate[] = [];
  for (const { start, end } of runs) {
    const length = end - start;
    const code = text.charCodeAt(start);
    if (code < 0x4d || code > 0x4f || length < 23 || length > ATLASSIAN_LENGTH) continue;
    const token = text.slice(start, end);
    if (!NUMBER_IN_BASE64.test(token)) continue;
    const number = Buffer.from(token, "base64").toString("latin1");
    if (length === ATLASSIAN_LENGTH && /^[0-9]{12}:/.test(number)) {
      found.push({ kind: "atlassian-personal-token", severity: "critical", start, end });
      continue;
    }
    DISCORD_REST.lastIndex = end;
    if (length <= 28 && /^[0-9]{16,20}$/.test(number) && DISCORD_REST.test(text)) {
      const tokenEnd = DISCORD_REST.lastIndex;
      found.push({ kind: "discord-bot-token", severity: "critical", start, end: tokenEnd });
    }
  }
  return found;
}

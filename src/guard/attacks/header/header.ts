import type { Severity } from "../../../core/finding.ts";
import { SIGN } from "../signs.ts";
import type { Reading } from "../suspicion.ts";

/** Lines that mean something to who reads lines: HTTP, mail, Redis. */
const LINE =
  /[\r\n\u2028\u2029\u0085\u560a\u560d]+\s{0,4}(?:(?:set-cookie2?|location|content-(?:type|length|disposition|security-policy|encoding)|host|transfer-encoding|connection|cookie|authorization|x-[a-z-]{2,40}|access-control-[a-z-]{2,40}|referer|refresh|link|via|upgrade|proxy-[a-z-]{2,32}|bcc|cc|to|from|subject|reply-to|mime-version|return-path|status)\s{0,2}:\s{0,4}\S|http\/\d|(?:get|post|put|delete|head|options|patch)\s{1,4}\S{1,256}\s{1,4}http\/)/i;
const MAIL_COMMAND =
  /[\r\n]+\s{0,4}(?:(?:ehlo|helo)\s{1,4}[\w.-]+|(?:mail\s{1,4}from|rcpt\s{1,4}to)\s{0,4}:|(?:\w{1,8}\s{1,4})(?:select|examine|create|list|lsub|status|append|copy|store|fetch|search|uid|login|authenticate)\s{1,4}\S|(?:retr|dele|top|user|pass|list|stat|noop|quit|rset|vrfy|expn|auth)\b[ \t]{0,4}\S{0,64}\s*$|top\s\d{1,6}\s\d{1,6}\s*$|apop\s\S{1,64}\s[0-9a-f]{32}|auth\s\S{1,64}\s[a-z0-9+/=]{8,}\s*$|data[ \t]*(?:[\r\n]|$)|help[ \t]{1,4}\S{1,64}\s*$|\*\d{1,3}\r?\n\$\d|(?:flushall|config\s{1,4}set|slaveof|eval)\b)/i;
/** A line of a log that somebody would like to have written, and what colours a terminal. */
const LOG_LINE =
  /[\r\n]+\s{0,4}(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?(?:info|warn(?:ing)?|error|debug|critical|fatal)\]?\s{0,2}[:\-[]\s{0,2}\S|(?:\d{1,3}\.){3}\d{1,3} - )/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const TERMINAL = /\x1b[[\]()PX^_]|\x9b\d/;

/** Line breaks that start a header or a command of a protocol, and a log line of somebody else. */
export function judgeLines({ text, decoded, signs }: Reading): Severity | null {
  if ((signs & (SIGN.line | SIGN.foreign)) === 0) return null;
  if (TERMINAL.test(text)) return "medium";
  if (!/[\r\n\u2028\u2029\u0085\u560a\u560d]/.test(text.trimEnd())) return null;
  if (!decoded && !text.includes("\r") && /\s\S+\s/.test(text.split("\n", 1)[0] ?? "")) return null;
  if (LINE.test(text) || MAIL_COMMAND.test(text)) return "high";
  return LOG_LINE.test(text) ? "medium" : null;
}

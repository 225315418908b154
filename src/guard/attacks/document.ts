import type { AttackKind } from "./suspicion.ts";

/**
 * What is an attack wherever it stands, by kind. Documents quote much: only what comes with its
 * target, or in a spelling that serves no reader, is here. Each reads a bounded stretch from a
 * beginning that ordinary text has seldom.
 */
const UNMISTAKABLE: readonly (readonly [AttackKind, RegExp])[] = [
  [
    "sql-injection",
    /\bunion(?:\s|\/\*[^*]{0,16}\*\/){1,8}(?:all\s{1,8})?select\s{1,8}(?:null|\d{1,4}|@@\w{1,16}|char\(|concat\()\s{0,4},|'\s{0,4}(?:or|and)\s{1,8}'?(\w{1,8})'?\s{0,4}=\s{0,4}'?\1\b'?\s{0,4}(?:--|#|\/\*)|'\s{0,4}\)?;\s{0,4}(?:drop|truncate)\s{1,8}table\s|\bxp_cmdshell\b\s{0,4}'|';\s{0,4}waitfor\s{1,8}delay\s{0,8}'/i,
  ],
  [
    "path-traversal",
    /(?:\.\.[/\\]){3}(?:etc[/\\](?:passwd|shadow)|windows[/\\]|boot\.ini|root[/\\]\.ssh)|(?:%2e%2e(?:%2f|%5c|[/\\])|\.\.%(?:25)?(?:2f|5c)|%c0%ae%c0%ae){2}/i,
  ],
  [
    "ssrf",
    /\bhttps?:\/\/(?:0x[0-9a-f]{8}|2852039166|2130706433|0177\.0{1,3}\.0{1,3}\.0?1|\[(?:0{0,4}:){1,7}ffff:(?:a9fe:a9fe|169\.254\.169\.254|127\.0\.0\.1)\])/i,
  ],
  [
    "command-injection",
    /\b(?:ba)?sh\s{1,4}-i\s{0,4}[<>&\d]{1,4}\s{0,4}\/dev\/(?:tcp|udp)\/|\bnc\s{1,4}-e\s{1,4}\/bin\/|\(\)\s{0,2}\{\s{0,2}:;\s{0,2}\};\s{0,4}\S|\|\s{0,4}base64\s{1,4}-d\s{0,4}\|\s{0,4}(?:ba)?sh\b/,
  ],
  [
    "code-injection",
    /\$\{jndi:(?:ldap|rmi|dns|iiop)|\{\{\s{0,4}(?:''|""|\(\)|\[\])\.__class__|T\(java\.lang\.Runtime\)/i,
  ],
  ["xml-injection", /<!ENTITY\s{1,8}%?\s{0,4}\w{1,32}\s{1,8}(?:SYSTEM|PUBLIC)\s/],
];

/** Their beginnings, in one look that ordinary text does not stop at. */
const ANY =
  /[uU][nN][iI][oO][nN][\s/]|'[ )]{0,4}(?:[oO][rR]|[aA][nN][dD]|;[ ]{0,4}[dDtTwW])\b|[xX][pP]_[cC][mM]|\.\.[/\\]\.\.[/\\]\.\.|%2[eE]%2[eE]|\.\.%|%[cC]0%[aA][eE]|\/\/(?:0x|2852|2130|0177|\[)|\/dev\/(?:tc|ud)p|\bnc -e|\{ ?:;|base64 -d|\$\{[jJ][nN]|__class__|T\(java|<!ENTITY/;
/** The kinds of attack that a document holds beyond doubt; linear in its length. */
export function unmistakable(text: string): readonly AttackKind[] {
  if (!ANY.test(text)) return NOTHING;
  return UNMISTAKABLE.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind);
}

const NOTHING: readonly AttackKind[] = [];

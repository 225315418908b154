import type { Severity } from "../../../core/finding.ts";
import { SIGN } from "../signs.ts";
import type { Reading } from "../suspicion.ts";

const ENTITY =
  /<!DOCTYPE[^>]{0,256}(?:\[|\b(?:SYSTEM|PUBLIC)\s{1,4}["'](?!-\/\/(?:W3C|IETF)|https?:\/\/www\.w3\.org|about:legacy))|<!ENTITY\s|<!ATTLIST\s[^>]{0,128}SYSTEM|xi:include|<\?xml-stylesheet|<!\[CDATA\[[^\]]{0,64}<!/i;

/** XML that has its reader fetch files or addresses. */
export function judgeXml({ text, signs }: Reading): Severity | null {
  if ((signs & SIGN.less) === 0) return null;
  return /<[!?x]/i.test(text) && ENTITY.test(text) ? "high" : null;
}

/** Operators of MongoDB where a value should stand, and JavaScript that it would run. */
const OPERATOR =
  /^\s*["']?\$(?:where|ne|gt|gte|lt|lte|nin|regex|exists|expr|function|accumulator|or|and|nor|not|jsonSchema|elemMatch|mod|type|eq|in)["']?\s*$|\[\$(?:where|ne|gte?|lte?|n?in|regex|exists|eq|or|and|not|type)\]|["'{,\s]\$(?:where|ne|gte?|lte?|n?in|regex|exists|expr|function|or|and|nor)["']?\s{0,4}:|\bthis\.\w{1,64}\s{0,4}(?:==|\.match\s{0,4}\()|;\s{0,4}return\s{1,4}(?:true|1)\b|\|\|\s{0,4}['"]?(\w{1,16})['"]?\s{0,4}={2,3}\s{0,4}['"]?\1/;

export function judgeNoSql({ text, purpose, signs }: Reading): Severity | null {
  if (purpose === "code") return null;
  const isSigned = (signs & (SIGN.dollar | SIGN.bar | SIGN.semicolon)) !== 0;
  // Of the rest, `this.x ==` and `this.x.match(` alone.
  if (!isSigned && !((signs & (SIGN.equals | SIGN.open)) !== 0 && text.includes("this.")))
    return null;
  return OPERATOR.test(text) ? "medium" : null;
}

/** A filter that ends another one: `*)(uid=*))(|(uid=*`. RFC 4515. */
const FILTER =
  /^[^()]{0,64}\)\s{0,4}\(\s{0,4}(?:[&|!]|[\w.;-]{1,64}\s{0,4}[~<>]?=)|\)\s{0,4}\(\s{0,4}[|&]\s{0,4}\(|^\(?[|&]\s{0,4}\(\s{0,4}\w{1,32}\s{0,4}=\*|^\*\)|\(\w{1,32}=\*\)\)?\s{0,4}%00/;
const SIGNS = SIGN.open | SIGN.close | SIGN.square | SIGN.star;
/** XPath that goes on behind a quote, or asks for nodes. */
const XPATH =
  /['"]\s{0,4}\]\s{0,4}(?:\||\/\/|\[)|\b(?:count|string-length|substring|name|position)\s{0,4}\(\s{0,4}(?:\/|\.[./]|(?:child|parent|ancestor)::)|['"]\s{0,4}(?:or|and)\s{1,4}(?:position|last|count|contains|starts-with|name|text)\s{0,4}\(/;

export function judgeQuery({ text, purpose, signs }: Reading): Severity | null {
  if (purpose === "code" || (signs & SIGNS) === 0) return null;
  if (XPATH.test(text)) return "medium";
  return FILTER.test(text) && !isBalanced(text) ? "medium" : null;
}

/** What is a filter of its own closes what it opens, and no more. */
function isBalanced(text: string): boolean {
  let open = 0;
  for (const character of text) {
    if (character === "(") open++;
    else if (character === ")" && --open < 0) return false;
  }
  return open === 0;
}

import type { Severity } from "../../../core/finding.ts";
import { SIGN } from "../signs.ts";
import type { Purpose, Reading } from "../suspicion.ts";
import { behindLoneQuote, isFragment } from "./fragment.ts";
import { mayBeBareSql } from "./hint.ts";
import { type Quote, type SqlToken, sqlTokens } from "./tokens.ts";
import { CATALOGUE, isDangerousName } from "./words.ts";

const CURLY = /[\u2018\u2019\u02bc\u2032\u00b4]/g;
const QUOTES: readonly Quote[] = ["'", '"', "`"];
/** Behind the quote that ends a value, structure begins at once. */
const BEHIND_QUOTE =
  /[\s)\0]*(?:[-;|&=<>!+*/%^,#]|(?:or|and|xor|not|union|order|group|having|limit|waitfor|exec|execute|call|insert|delete|merge|replace|update|drop|alter|create|truncate|select|like|rlike|regexp|glob|between|in|is|similar|sounds|match|against|div|mod|begin|declare|grant|shutdown|into|procedure|case|exists|where|intersect|except|minus|goto|sleep|benchmark|pg_sleep)(?![a-z0-9_]))/iy;
/**
 * SQL that is not the value of anything: it ends a string, a number or a statement, and goes on
 * with structure. The text is read as it stands behind no quote and behind each that it holds.
 */
export function judgeSql({ text, purpose, signs }: Reading): Severity | null {
  const straight = (signs & SIGN.foreign) === 0 ? text : text.replace(CURLY, "'");
  const plain = straight.trim();
  const mayHaveQuotes = (signs & (SIGN.quote | SIGN.backtick | SIGN.foreign)) !== 0;
  if (
    mayHaveQuotes &&
    QUOTES.some((quote) => mayBreakOut(plain, quote) && breaksOut(sqlTokens(plain, quote), plain))
  ) {
    return "high";
  }
  if (purpose !== "filter" && !mayBeBareSql(plain, signs)) return null;
  const tokens = sqlTokens(plain, "");
  const found = judgeBare(tokens, plain, purpose);
  if (found === null && purpose === "filter" && isPiece(tokens, plain)) return "medium";
  if (found !== null || !/\w\/\*[^*]*\*\/\w/.test(plain)) return found;
  const joined = plain.replace(/\/\*[^*]*\*\//g, "");
  return judgeBare(sqlTokens(joined, ""), joined, purpose);
}

/** Where a name or an id should stand, a piece is worth a word. */
function isPiece(tokens: readonly SqlToken[], text: string): boolean {
  if (isFragment(shapeOf(tokens, true), text)) return true;
  const rest = behindLoneQuote(text);
  return rest !== null && isFragment(shapeOf(sqlTokens(rest, ""), true), rest);
}

function mayBreakOut(text: string, quote: Quote): boolean {
  const at = text.indexOf(quote);
  if (at === -1) return false;
  BEHIND_QUOTE.lastIndex = at + 1;
  return BEHIND_QUOTE.test(text);
}

/** Behind a quote: a string that ends, and then structure and nothing else. */
const BROKEN_OUT = [
  // and/or with a comparison, a call, a query, or a constant that ends it
  /^s\)*(?:[Bp]!?)+[a!(]*[1snvqfFC(S][^;]{0,40}?[oL]/,
  /^s\)*(?:[Bp]!?)+[a!(]*(?:[fFX]!?\(|\(*S|[1sv]\)*(?:[c;]|$)|n\)*c)/,
  // a set of rows, an order, a limit, a wait
  /^s\)*k*U[kAK]*\(*S/,
  /^s\)*(?:O\(*[1nfF]|h[!(]*[1snfF]|l1)/,
  /^s\)*V/,
  // another statement
  /^s\)*;[;k]*(?:[DMEGSVtC]|c)/,
  // a value put together with what a query or a call tells
  /^s[ap]k*[a(]*(?:F|S|v|f\(.*[ap][sq]|1[ap][sq]$|X|[nf][.nf]*\(.*[ap][sq])/,
  /^s(?:o|!?L)\(*(?:S|[1nf].*c$)|^s!?L[1n];$/,
  // a call that waits, right behind it
  /^s\)*F\(/,
  // comments that hide what follows
  /^s\)*(?:[nW]W?)?[kK]+/,
];
/** The same, where nothing but a comment, or nothing, is left of the text. */
const CUT_OFF = [/^s[),]+[^c]*c$/, /^s\)*[oLpB!][^c]*c$/];
/** And where the text is one word up to the quote. */
const CUT_OFF_WORD = [/^s\)*a[^c]*c$/, /^s\)*;$/, /^s[oap!]+1?[sq]$/, /^s[Bp]!?[sq]$/];
/** Another statement right behind the quote that ends one word. */
const GONE_ON = /^s\)*(?:E[nf]|M[iw]n|G[vnG]|S[A]?[1sfFCv(]|D[nA]?Tn)/;

function breaksOut(tokens: readonly SqlToken[], text: string): boolean {
  const shape = shapeOf(tokens, true);
  const [first] = tokens;
  if (first?.letter !== "s" || shape === "s" || isMarkup(tokens, text)) return false;
  const fits = (pattern: RegExp) => pattern.test(shape);
  if (BROKEN_OUT.some(fits)) return true;
  // Programs and Markdown end much in a backtick; names in it are seldom what is injected.
  if (text[first.end - 1] === "`") return shape === "s;" && /^[\w@.+-]+$/.test(first.text);
  if (endsInComment(tokens, text)) return true;
  if (hasEmptyEnd(tokens) && CUT_OFF.some(fits)) return true;
  // `name: '`, `x = "`: here a string begins.
  const isBeginning = /[:=([{,]\s*$/.test(first.text) || text === '"*"';
  if (isBeginning || /\s/.test(first.text.trim())) return false;
  return (GONE_ON.test(shape) && isOpen(tokens)) || isCutOff(tokens, shape, text);
}

/** The text is one word up to the quote, or none. */
function isCutOff(tokens: readonly SqlToken[], shape: string, text: string): boolean {
  const [first] = tokens;
  if (first === undefined || (shape === "s;" && first.text === "")) return false;
  // A value that begins with the end of another, and goes on with and/or.
  const goesOn = first.text === "" && /^sB(?:[1nvfF(sq]|[sq].)/.test(shape);
  if (goesOn && text.length > first.end + 4 && text.length < 48) return true;
  const isCut = tokens.at(-1)?.text.trim() === "" || hasEmptyEnd(tokens) || shape.endsWith(";");
  return isCut && CUT_OFF_WORD.some((pattern) => pattern.test(shape));
}

/** `">`: the end of an attribute. */
function isMarkup([, second]: readonly SqlToken[], text: string): boolean {
  return second?.text === ">" && /<\/?[a-z]/i.test(text);
}

/** The quote that was put in front has no other end than this one. */
function isOpen(tokens: readonly SqlToken[]): boolean {
  return hasEmptyEnd(tokens) || tokens.every(({ letter }, index) => index === 0 || letter !== "q");
}

/** `admin'--`: the quote, and a comment right behind it or with nothing in it. */
function endsInComment(tokens: readonly SqlToken[], text: string): boolean {
  const index = tokens.findIndex(({ letter }) => letter === "c");
  const comment = tokens[index];
  if (comment === undefined || !/^s\)*;?$/.test(shapeOf(tokens.slice(0, index), true)))
    return false;
  const isWord = !/\s/.test((tokens[0]?.text ?? "").trim());
  if (isEmptyComment(comment) && (isWord || !text.startsWith("#", comment.start))) return true;
  const before = text[comment.start - 1] ?? "";
  const isDashes = text.startsWith("--", comment.start);
  return (
    isDashes && /['"`);]/.test(before) && /^[\s+-]/.test(comment.text) && !/['"]/.test(comment.text)
  );
}

function isEmptyComment({ text }: SqlToken): boolean {
  return /^[-+\s\0%]*$/.test(text);
}

function hasEmptyEnd(tokens: readonly SqlToken[]): boolean {
  const last = tokens.at(-1);
  return last?.letter === "c" && isEmptyComment(last);
}

function shapeOf(tokens: readonly SqlToken[], keepComments: boolean): string {
  let shape = "";
  for (const { letter } of tokens) {
    if (letter.length === 1 && (keepComments || letter !== "k")) shape += letter;
  }
  return shape;
}

/** A statement that is whole: what a tool that takes SQL is for. */
const STATEMENT = /^(?:n?\(*S[A]?\(*[1snvfFCaX(!]|n?M[iwn]|D[nA!]?[nT]|Gn|E[nf]|nnx\(S|V|t[nv])/;
const WITH_OR_EXPLAIN = /^(?:with|explain|describe|show|begin|pragma|vacuum|analyze)\b/i;

/** Without a quote before it: a number, a name or nothing that structure follows. */
const INJECTED = [
  /U[kAK]*\(*S[kAK]*(?:[1svfFaXCS(*]|[nT][,w.]|n?[cK]|n?$)/,
  /U[A]?f\(.*,/,
  /(?:^|[1sv)nq])\)*k*(?:[Bp]!?)+[!(a]*[1sv]\)*k*o!?k*[!(a]*[1svq]/,
  /^[1s]\)*k*(?:[Bp]!?)+[!(a]*[1sv]\)*k*!?Lk*[!(a]*[1svq]/,
  /^[1n]\)+k*[Bp]k*!?[!(a]*[1snvfF(S].*[oL]/,
  /^1k*[Bp]k*!?[!(]*[1nvfF](?:\([^;]{0,40}\))?\)*k*o[!(a]*(?:[1svqfF(]|n[^n]*$)/,
  /^[1s]?!?L\(+S/,
  /^(?:[1v]|no[1s])?k*\)*k*[Bp]k*!?[!(a]*(?:F\(|X!?\(|\(+S|f\(.*o[1sq(])/,
  /^[Bp]!?[!(a]*[nfF1sv](?:\.n|\([^;]{0,40}\))?\)*o.*?(?:[1sq]|c$)/,
  /^[Bp]!?[!(a]*[1sv]\)*c/,
  /^[1n]?\)*O(?:\(*1,.*F|1(?:,1)*(?:c|$)|\(*S|[1(].*F|F\()/,
  /^1(?:,1)+O1/,
  /^(?:[1sv]|no[1s])\)*O1/,
  /^[1s]?\)*h[!(]*(?:[1s]|F\([^;]{0,40})\)*o/,
  /[=oap,(]\(+S[A]*.*w/,
  /^[1n]?\)*;[;k]*(?:D[nA]?k*T|Mi|Mw|Mnt|E[nfvi(]|G(?:$|n|v|T|A|c)|V|S[A]?[1sfFCv(a]|S.*w|tv)/,
  /;k*(?:Mk*[nf]k*\(|D\[)/,
  /;k*(?:D[nA]?T|Mi[nT]|Mw[n]|Mnt[n]|E[n]|V).*(?:c$|;$)/,
  /^[pa]k*\(*S.*w/,
  /^1k*[Bp]k*1c/,
  /^1k*Bk+!?[1v]/,
];
/** Pieces of SQL that are no attack alone, and no value either. */
const PIECES = [
  /^F\(+$/,
  /^[)n]+x[nsF]w$/,
  /^B!?\(*s[:o@?a#]/,
  // operators of JSON, in PostgreSQL: a string that is cast, or held against another
  /^(?:[Bp]!?)?s(?::v[^s]{1,4}[s1n]|[@#?oa]{0,2}[@#?][@#?oapB]{0,2}[s1n]|ao{1,2}[s1])/,
  /^(?:[Bp]!?)?s:v$/,
  /^B!?\(*1\)*$/,
  /[(,a]*S\(+C/,
  /^s?Bc?[1s]?[oa]$/,
  /C.*e.*e/,
];
/** The same, where nothing but an empty comment is left of the text. */
const INJECTED_AND_CUT = [
  /[SB].*[)1sqv]c$/,
  /^(?:[1nfF(]).*[Bp].*o.*c$/,
  /^D[nT][^c]*;c$/,
  /^[1v]\)*[;)]+c$/,
  /B!?c$/,
];

function judgeBare(tokens: readonly SqlToken[], text: string, purpose: Purpose): Severity | null {
  const shape = signless(tokens, shapeOf(tokens, true));
  if (isDangerous(tokens, shape, text)) return "high";
  const isWhole = STATEMENT.test(shape) || WITH_OR_EXPLAIN.test(text);
  if (isWhole) return judgeStatement(shape, tokens, text, purpose);
  const fits = (pattern: RegExp) => pattern.test(shape);
  // A comparison of numbers that somebody writes: `100 > 50 or 50 < 100`.
  if (/^1o1B1o1$/.test(shape)) return null;
  if (INJECTED.some(fits) || (hasEmptyEnd(tokens) && INJECTED_AND_CUT.some(fits))) return "high";
  if (hasHiddenSpace(shape, text)) return "high";
  if (purpose !== "sql" && (PIECES.some(fits) || isTruth(tokens, shape))) return "medium";
  if (purpose !== "sql" && tokens.length > 2 && CATALOGUE.test(text) && /[SUwVv]/.test(shape))
    return "medium";
  return null;
}

function judgeStatement(
  shape: string,
  tokens: readonly SqlToken[],
  text: string,
  purpose: Purpose,
): Severity | null {
  if (purpose !== "sql" && /^\(+S.*w.*\)$/.test(shape)) return "high";
  if (/(?:B!?)\(*([1s])\)*o\1\)*(?:[c;)]|$)/.test(shape) && hasTautology(tokens)) return "high";
  if (/U[kAK]*\(*S[1](?:,[1]){2}/.test(shape) || hasHiddenSpace(shape, text)) return "high";
  if (/;c$/.test(shape) && hasEmptyEnd(tokens) && purpose !== "sql") return "high";
  if (purpose === "filter" && CATALOGUE.test(text)) return "medium";
  return null;
}

/** A number's sign is no structure. */
function signless(tokens: readonly SqlToken[], shape: string): string {
  const [sign, number] = tokens;
  return /^a[1n]/.test(shape) && sign?.end === number?.start ? shape.slice(1) : shape;
}

/** `1=1`, `1!=11`: true whatever else there is, and nothing else. */
function isTruth(tokens: readonly SqlToken[], shape: string): boolean {
  if (!/^(?:n,)?([1s])!?[oL]\1$/.test(shape)) return false;
  const [left, operator, right] = tokens.slice(-3);
  return (operator?.text === "!=") === (left?.text !== right?.text);
}

function hasTautology(tokens: readonly SqlToken[]): boolean {
  return tokens.some(
    ({ text, letter }, index) =>
      letter === "o" && text === "=" && tokens[index - 1]?.text === tokens[index + 1]?.text,
  );
}

/** Comments that stand for blanks between words, or hold words for one database alone. */
function hasHiddenSpace(shape: string, text: string): boolean {
  if (shape.includes("K")) return true;
  if (!/\w\/\*[^*]{0,64}\*\/\w/.test(text)) return false;
  return /[SUBOMDE1nsA]k+[SUBowAn1O(]/.test(shape) && /[SUB]/.test(shape);
}

/** Words that make a database wait, or read, write and run what is none of its tables. */
const DANGEROUS_WORDS =
  /\bexecute\s{1,8}immediate\s{0,8}['"(]|\bselect\s{1,8}pg_sleep\b|\boverlay\s{0,4}\([^)]{0,64}\bplacing\b|\b(?:ascii|ord|hex|conv|length|char_length|compress|uncompress|unhex|bin)\s{0,4}\(\s{0,4}(?:\w{1,16}\s{0,4}\(\s{0,4}){0,2}(?:substr|substring|mid|version|user|database|select)\b\s{0,4}[(\w]|\binto\s{1,8}(?:out|dump)file\b|\b(?:to|from)\s{1,8}program\s{0,8}['"]|\bprocedure\s{1,8}analyse\b|\bwaitfor\s{1,8}(?:delay|time)\b|\bload\s{1,8}data\s{1,8}(?:local\s{1,8})?infile\b|\battach\s{1,8}database\s{1,8}'/i;

function isDangerous(tokens: readonly SqlToken[], shape: string, text: string): boolean {
  if (DANGEROUS_WORDS.test(text)) return true;
  return tokens.some((token, index) => {
    switch (token.letter) {
      case "F":
      case "f":
        return isDangerousCall(tokens, index, shape);
      case "n":
        return isDangerousPackage(tokens, index);
      default:
        return false;
    }
  });
}

function isDangerousCall(tokens: readonly SqlToken[], index: number, shape: string): boolean {
  const { text = "", letter = "" } = tokens[index] ?? {};
  // Words of programs too: the database's have their own way to stand.
  if (text === "benchmark") return /^\(1[,oa]/.test(letters(tokens, index + 1));
  if (text === "sleep") return letter === "F" && isWait(tokens, index, shape);
  return isDangerousName(text);
}

/** `utl_http.request`, in Oracle; procedures of SQL Server need no brackets. */
function isDangerousPackage(tokens: readonly SqlToken[], index: number): boolean {
  const { text = "" } = tokens[index] ?? {};
  if (/^(?:xp|sp)_/.test(text)) return isDangerousName(text);
  if (!/^(?:dbms_\w{1,32}|utl_\w{1,32}|ctxsys)$/.test(text)) return false;
  return index > 0 && /^\.[nfF]/.test(letters(tokens, index + 1));
}

function letters(tokens: readonly SqlToken[], from: number): string {
  return shapeOf(tokens.slice(from, from + 4), true);
}

/** Programs sleep too; a query does it where a condition or a list stands. */
function isWait(tokens: readonly SqlToken[], index: number, shape: string): boolean {
  const before = tokens[index - 1]?.letter ?? "";
  if (before === ".") return false;
  if (index === 0 || before === "n")
    return (
      index === 0 && /^F\([1s]\)(?:o.*)?$/.test(shape.replace(hasEmptyEnd(tokens) ? /c$/ : "", ""))
    );
  return /[BpSU,(oas;1kA]/.test(before) && /[SBUOpsa1]/.test(shape);
}

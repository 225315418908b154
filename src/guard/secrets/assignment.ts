import { classifyName, type NameClass, wordsOf } from "./names.ts";
import { anyOf, anyWordOf } from "./pattern.ts";
import type { Candidate } from "./rule.ts";
import {
  isCredible,
  isPassphrase,
  isStrong,
  TOKEN_MAX_LENGTH,
  VALUE_MAX_LENGTH,
} from "./values.ts";

/** What calls for a look at the name around it, in lower case. */
export const CONTEXT_KEYWORDS: readonly string[] = [
  ...["pass", "pwd", "pswd", "psw", "pssw", "pasw", "pw", "psk", "mdp", "mot de passe", "kennwort"],
  ...[
    "zugangscode",
    "contraseña",
    "contrasena",
    "clave",
    "senha",
    "chave",
    "palavra-passe",
    "parol",
  ],
  ...["wachtwoord", "lösenord", "losenord", "adgangskode", "salasana", "jelsz", "heslo", "hasło"],
  ...["haslo", "şifre", "sifre", "lozinka", "geslo", "κωδικός", "парол", "токен", "ключ", "гасло"],
  ...[
    "密码",
    "密碼",
    "口令",
    "密钥",
    "密鑰",
    "令牌",
    "パスワード",
    "暗証番号",
    "トークン",
    "비밀번호",
    "비번",
  ],
  ...["패스워드", "암호", "토큰", "סיסמה", "كلمة المرور", "كلمة السر", "पासवर्ड", "รหัสผ่าน"],
  ...["mật khẩu", "kata sandi", "schlüssel", "jeton"],
  ...["secret", "token", "apikey", "cred", "key", "auth", "api", "access", "private"],
  ...[
    "sessionid",
    "session",
    "sig",
    "jwt",
    "salt",
    "login",
    "pat",
    "mnemonic",
    "seed",
    "totp",
    "sid",
  ],
];

/** What became of one name. */
export interface Assignment {
  /** Where the name ends: keywords inside it need no second look. */
  readonly nameEnd: number;
  /** Characters of the value that were read. */
  readonly read: number;
  readonly secret: Candidate | null;
}

interface Value {
  readonly start: number;
  readonly end: number;
  readonly literal: boolean;
}

/** An identifier is no longer than this on either side of its keyword. */
const NAME_REACH = 48;

/** What stands between a name and its value, up to the value's first character. */
const SEPARATORS: readonly RegExp[] = [
  // A block of YAML: the value stands on the next line.
  /["']?[ \t]{0,4}:[ \t]{1,8}[|>][+-]?[ \t]{0,4}\r?\n[ \t]{1,24}/y,
  // name = value, "name": value, name: string = value, name => value, name != value, ${name:-value}
  new RegExp(
    String.raw`(?:\\{0,7}["'` +
      "`" +
      String.raw`]|&quot;|\])?[ \t]{0,8}` +
      String.raw`(?::[ \t]?)?(?:(?:string|str|String|\[\]byte)[ \t]{1,2})?` +
      String.raw`(?::{0,3}=|=>|->|<-|[!=]==?|[=~]~|(?:[?.+|~]|\?\?|\|\|)?=|:-|:|：|\|)` +
      String.raw`[ \t]{0,24}`,
    "y",
  ),
  // <name>value</name>, SET name "value", <add key="name" value="value"/>
  />[ \t\r\n]{0,40}|[ \t]{1,2}(?=["'])|["'][ \t]{1,4}value[ \t]?=[ \t]?/y,
  // {"name": "NAME", "value": "value"}, and the same in YAML
  /["']?,?\s{1,40}["']?value["']?[ \t]?[:=][ \t]{0,3}/y,
  // define('NAME', 'value'); in a list of names the one before is no name of the next
  /(?<=\(["'][A-Za-z0-9_-]{2,80})["'][ \t]{0,2},[ \t]{0,4}(?=["'])/y,
  // setName("value"), name.equals("value")
  /(?:\.equals(?:IgnoreCase)?)?\((?=["'])/y,
];
const FLAG_SEPARATOR = /[ \t]{1,2}|=/y;
const PROSE_SEPARATOR = new RegExp(
  anyOf(
    String.raw`(?:[ \t][\p{L}"'’]{1,16}){0,4}[ \t]${anyWordOf(
      "is es ist est è é это är er jest este adalah là هي : is: to",
    )}[ \t]?:?[ \t]`,
    String.raw`[ \t](?:—|–|-)[ \t]`,
    String.raw`(?:は|는|은|是|为|為)[ \t]?`,
    String.raw`[ \t]{1,2}(?:는|은)[ \t]`,
  ),
  "uy",
);
const SPACE_SEPARATOR = /[ \t]{1,16}(?:is |: )?/y;

const OPENING_QUOTE = /[@bfru$]?(?:(\\{0,7}["'`])|(&quot;|&#39;|&#34;))/y;
/** `password:token:…`: what follows is a name again, and is looked at when its turn comes. */
const INNER_NAME = /([A-Za-z0-9_-]{2,48})[:=]/y;
const CODE_BEHIND = /[([{]/;

/**
 * The secret that the name around a keyword assigns, if it assigns one. The keyword is at
 * `[start, end)`; the work is bounded whatever stands around it.
 */
export function assignmentAt(text: string, start: number, end: number): Assignment {
  const nameEnd = nameEndAfter(text, end);
  const nothing: Assignment = { nameEnd, read: 0, secret: null };
  if (nameEnd - end >= NAME_REACH || nameEnd >= text.length) return nothing;

  // Cheapest first: most names in a text assign nothing.
  const separated = separatorEnd(text, nameEnd);
  if (separated === null && !isBlank(text.charCodeAt(nameEnd))) return nothing;
  const nameStart = nameStartBefore(text, start);
  const name = text.slice(nameStart, nameEnd);
  const nameClass = classifyName(name);
  if (nameClass === null) return nothing;

  const loose = separated === null;
  const valueStart = separated ?? looseSeparatorEnd(text, nameStart, nameEnd, nameClass);
  const value = valueStart === null ? null : valueAt(text, valueStart, loose ? "key" : nameClass);
  if (value === null) return nothing;
  const found = text.slice(value.start, value.end);
  const data = isDataName(text, name, nameStart, nameEnd);
  const isPlain = loose && nameClass !== "password" && !isStrong(found);
  const isCall = text.charAt(value.start - 2) === "(";
  const credible =
    !isPlain &&
    !(isCall && (nameClass === "key" || isQuestion(name, found))) &&
    isCredible(found, { nameClass, literal: value.literal, data });
  if (!credible) return { nameEnd, read: found.length, secret: null };
  return {
    nameEnd,
    read: found.length,
    secret: { ...gradeNamed(name, nameClass, found), start: value.start, end: value.end },
  };
}

/** `getToken("name")` asks for what it names; and what a call is given must look chosen. */
function isQuestion(name: string, value: string): boolean {
  return ASKING_WORDS.has(wordsOf(name)[0] ?? "") || !/[0-9!@#$%^&*]/.test(value);
}

const ASKING_WORDS: ReadonlySet<string> = new Set(
  (
    "get read find load parse is has verify check validate fetch ask prompt require expect assert " +
    "lookup resolve delete remove decode encode hash compare by match forgot reset no"
  ).split(" "),
);

/** The secret that a JSON member's key says its string is. */
export function namedSecret(name: string, text: string): Candidate | null {
  const nameClass = classifyName(name);
  if (nameClass === null) return null;
  const trimmed = text.trim();
  if (!isCredible(trimmed, { nameClass, literal: true, data: true })) return null;
  const start = text.indexOf(trimmed);
  return { ...gradeNamed(name, nameClass, trimmed), start, end: start + trimmed.length };
}

const AWS_SECRET = /^[A-Za-z0-9/+]{40}$/;

function gradeNamed(
  name: string,
  nameClass: NameClass,
  value: string,
): Pick<Candidate, "kind" | "severity"> {
  if (nameClass === "password") return { kind: "password", severity: "high" };
  if (AWS_SECRET.test(value) && /aws|secretaccesskey/.test(wordsOf(name).join(""))) {
    return { kind: "aws-secret-access-key", severity: "critical" };
  }
  return nameClass === "secret"
    ? { kind: "named-secret", severity: "high" }
    : { kind: "named-key", severity: "medium" };
}

function valueAt(text: string, start: number, nameClass: NameClass): Value | null {
  OPENING_QUOTE.lastIndex = start;
  const quote = OPENING_QUOTE.exec(text);
  if (quote !== null) {
    const from = OPENING_QUOTE.lastIndex;
    return quotedValue(text, from, quote[1] ?? quote[2] ?? "") ?? cutValue(text, from);
  }

  INNER_NAME.lastIndex = start;
  const inner = INNER_NAME.exec(text)?.[1];
  if (inner !== undefined && classifyName(inner) !== null) return null;

  const phraseEnd = nameClass === "password" ? passphraseEnd(text, start) : null;
  if (phraseEnd !== null) return { start, end: phraseEnd, literal: true };
  const end = unquotedEnd(text, start);
  if (end === start || end - start > VALUE_MAX_LENGTH || CODE_BEHIND.test(text.charAt(end)))
    return null;
  const literal = text.charAt(start - 1) === ">";
  return { start, end: trimSentenceEnd(text, start, end), literal };
}

/** A quoted value whose end was cut off, as at the end of a log line. */
function cutValue(text: string, start: number): Value | null {
  const end = unquotedEnd(text, start);
  const isCut = end === text.length || /[\r\n]/.test(text.charAt(end));
  return isCut && end > start && end - start <= VALUE_MAX_LENGTH
    ? { start, end, literal: false }
    : null;
}

function separatorEnd(text: string, nameEnd: number): number | null {
  for (const separator of SEPARATORS) {
    const end = endOf(separator, text, nameEnd);
    if (end !== null) return end;
  }
  return null;
}

/** White space separates only behind a flag, or where prose goes on with "is". */
function looseSeparatorEnd(
  text: string,
  nameStart: number,
  nameEnd: number,
  nameClass: NameClass,
): number | null {
  if (text.charAt(nameStart) === "-") return endOf(FLAG_SEPARATOR, text, nameEnd);
  if (text.startsWith("define ", nameStart - 7)) return endOf(/\r?\n[ \t]{0,8}/y, text, nameEnd);
  const separator = nameClass === "password" ? PROSE_SEPARATOR : SPACE_SEPARATOR;
  return endOf(separator, text, nameEnd);
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** Up to the same quote on the same line; null when there is none in reach. */
function quotedValue(text: string, start: number, quote: string): Value | null {
  const closing = quote.charAt(0);
  const limit = Math.min(text.length, start + TOKEN_MAX_LENGTH + 1);
  for (let at = start; at < limit; at++) {
    const character = text.charAt(at);
    if (character === "\n" || character === "\u2028") return null;
    if (character === "\\" && closing !== "\\") {
      at++;
      continue;
    }
    if (character === closing) return at > start ? { start, end: at, literal: true } : null;
  }
  return null;
}

/** Where an unquoted value stops; no further than one character beyond the longest value. */
function unquotedEnd(text: string, start: number): number {
  const limit = Math.min(text.length, start + VALUE_MAX_LENGTH + 1);
  let at = start;
  while (at < limit && !isDelimiter(text.charCodeAt(at))) at++;
  return at;
}

const DELIMITERS: ReadonlySet<number> = new Set(
  Array.from("\"'`<>,;&()[]{}\\", (character) => character.charCodeAt(0)),
);

function isDelimiter(code: number): boolean {
  return code <= 0x20 || code === 0x7f || code === 0xa0 || code === 0x2028 || DELIMITERS.has(code);
}

/** Without the full stop or colon that ends a sentence. */
function trimSentenceEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && (text[at - 1] === "." || text[at - 1] === ":")) at--;
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9_]*$/;

/** `NAME=value` or `"name":"value"`: data and no program, so that a bare word is the value. */
function isDataName(text: string, name: string, nameStart: number, nameEnd: number): boolean {
  if (ENVIRONMENT_NAME.test(name) && text.charAt(nameEnd) === "=") return true;
  return text.charAt(nameStart - 1) === '"' && /^"\s?:\s?"/.test(text.slice(nameEnd, nameEnd + 5));
}

const PHRASE = /[a-z]{2,12}(?: [a-z]{2,12}){2,7}(?=[ \t]{0,4}(?:\r?\n|$))/y;

/** End of a passphrase of plain words that fills the rest of its line: `password: w w w`. */
function passphraseEnd(text: string, start: number): number | null {
  PHRASE.lastIndex = start;
  if (!PHRASE.test(text)) return null;
  return isPassphrase(text.slice(start, PHRASE.lastIndex)) ? PHRASE.lastIndex : null;
}

function nameEndAfter(text: string, end: number): number {
  const limit = Math.min(text.length, end + NAME_REACH);
  let at = end;
  while (at < limit && isNameCode(text.charCodeAt(at))) at++;
  // `token--`, `token->next`: the dash belongs to what follows.
  while (at > end && text.charCodeAt(at - 1) === 0x2d) at--;
  return at;
}

function nameStartBefore(text: string, start: number): number {
  const limit = Math.max(0, start - NAME_REACH);
  let at = start;
  while (at > limit && isNameCode(text.charCodeAt(at - 1))) at--;
  return at;
}

/** A letter of any script, a digit, `_` or `-`. */
function isNameCode(code: number): boolean {
  if (code > 0xbf) return code < 0x2000 || (code > 0x303f && (code < 0xff00 || code > 0xff20));
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x2d
  );
}

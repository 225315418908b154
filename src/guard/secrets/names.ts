import { anyWordOf } from "./pattern.ts";

/**
 * What the name of a value promises.
 * - `password`: chosen by a person, so any value that is no placeholder;
 * - `secret`: made by a machine, so it must look random;
 * - `key`: often no secret at all (`key`, `auth`), so it must look very random.
 */
export type NameClass = "password" | "secret" | "key";

const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\0-\u007f]+/g;

/** Longer ones are no names. */
const NAME_MAX_LENGTH = 80;

const PASSWORD_WORD = new RegExp(
  `(?:${anyWordOf(
    "p[as]{0,3}(?:w[ors]{0,4}|ss[ors]{0,4})d passphrase passcode passw passwordplain",
    "passwort kennwort zugangscode contraseña contrasena senha motdepasse palavrapasse parola",
    "wachtwoord lösenord losenord adgangskode passord salasana jelszó jelszo heslo hasło haslo",
    "şifre sifre lozinka geslo slaptažodis parolă κωδικός пароль паролем паролю гасло 密码 密碼 口令 パスワード",
    "暗証番号 비밀번호 비번 패스워드 암호 סיסמה كلمةالمرور كلمةالسر رمزالمرور पासवर्ड รหัสผ่าน",
    "mậtkhẩu katasandi",
  )})(?:は|는|은|是|为)?$`,
);
const PASSWORD_LAST_WORDS: ReadonlySet<string> = new Set(
  "pass pw psw passw mdp psk wpapsk".split(" "),
);
/** `MYSQLPASS`, `dbpass`: written as one word. */
const GLUED_PASS = new RegExp(
  `${anyWordOf(
    "db database my sql maria postgres pg redis mongo user admin root smtp mail ftp ssh",
  )}pass$`,
);

const SECRET_WORD = new RegExp(
  `${anyWordOf(
    "secret token credential credentials apikey secretkey accesskey authkey",
    "토큰 令牌 密钥 密鑰 токен トークン jeton",
  )}s?$`,
);
const SECRET_NOUNS: ReadonlySet<string> = new Set(
  "authorization sessionid jwt bearer pat mnemonic sid phpsessid jsessionid creds totp".split(" "),
);

/** What makes a `key` one that opens something. */
const KEY_OPENERS: ReadonlySet<string> = new Set(
  (
    "api access secret private auth encryption encrypt decryption signing sign signature account " +
    "master session service license subscription client shared storage admin app application " +
    "webhook security deploy consumer server jwt crypto cipher developer dev project rest ssh " +
    "integration ingest write read customer partner hmac aes"
  ).split(" "),
);
const KEY_LAST_WORD = /key$/;
const VAGUE_LAST_WORDS: ReadonlySet<string> = new Set(
  (
    "auth api access private sig salt login seed pepper cookie session " +
    "clave chave schlüssel ключ"
  ).split(" "),
);

/** Words behind the secret's own that do not change what the value is. */
const TRAILERS: ReadonlySet<string> = new Set(
  "value plain text prod production dev test staging live base 64 b raw new old main default".split(
    " ",
  ),
);

/** Beside these, the name tells of something else: a count, a place, a page. */
const INNOCENT_WORDS: ReadonlySet<string> = new Set(
  (
    "public pub pubkey count counts limit max min maximum minimum length len size total budget " +
    "usage type name names path file filename dir directory url uri endpoint env var variable " +
    "ref reference " +
    "expiry expires expiration ttl timeout policy policies rule regex pattern header prefix " +
    "suffix field label title description hint message error status valid validation required " +
    "enabled endpoint issuer algorithm format mode scope provider index page next prev previous " +
    "cursor progress cancel cancellation continuation continue sync resume paging pagination eos " +
    "bos pad unk stop special syntax lexer parser skip delta watermark idempotency primary " +
    "foreign partition sort sorting cache map dictionary object row group unique hash hashed " +
    "fingerprint thumbprint digest checksum csrf xsrf placeholder strength reset forgot rotate " +
    "rotation store manager helper handler service_name audience registry column table property " +
    "translation i18n shortcut hot press event keyboard dom data metadata node tree routing"
  ).split(" "),
);

/** The class of a name; null when it promises nothing. */
export function classifyName(name: string): NameClass | null {
  return name.length > NAME_MAX_LENGTH ? null : classifyWords(wordsOf(name));
}

/**
 * `classifyName` for the keys of JSON members, which come again in every message. It remembers a
 * bounded number of keys, none with a digit, so that a secret used as a key is hardly ever kept.
 */
export function createKeyClassifier(): (key: string) => NameClass | null {
  const remembered = new Map<string, NameClass | null>();

  function classifyKey(key: string): NameClass | null {
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const result = classifyName(key);
    if (remembered.size < MAX_REMEMBERED && WORDS_ONLY.test(key)) remembered.set(key, result);
    return result;
  }

  return classifyKey;
}

const MAX_REMEMBERED = 1024;
const WORDS_ONLY = /^[A-Za-z_-]{1,40}$/;

/** The words of an identifier in any of the usual spellings, in lower case. */
export function wordsOf(name: string): readonly string[] {
  return (name.match(WORDS) ?? []).map((word) => word.toLowerCase());
}

function classifyWords(all: readonly string[]): NameClass | null {
  if (all.some((word) => INNOCENT_WORDS.has(word))) return null;

  let count = all.length;
  while (count > 1 && isTrailer(all[count - 1] ?? "")) count--;
  const words = all.slice(0, count);
  const last = words.at(-1) ?? "";
  const joined = words.join("");

  if (isPasswordName(last, joined)) return "password";
  if (SECRET_WORD.test(joined) || SECRET_NOUNS.has(last) || SECRET_NOUNS.has(joined))
    return "secret";
  if (KEY_LAST_WORD.test(last)) return keyClass(words, last);
  return VAGUE_LAST_WORDS.has(last) && words.length > 1 ? "key" : null;
}

function isPasswordName(last: string, joined: string): boolean {
  return PASSWORD_WORD.test(joined) || PASSWORD_LAST_WORDS.has(last) || GLUED_PASS.test(joined);
}

function keyClass(words: readonly string[], last: string): NameClass {
  const opener = last === "key" ? words.at(-2) : last.slice(0, -"key".length);
  return opener !== undefined && KEY_OPENERS.has(opener) ? "secret" : "key";
}

function isTrailer(word: string): boolean {
  return TRAILERS.has(word) || /^[0-9]{1,3}$/.test(word);
}

import { anyOf, anyWordOf } from "./pattern.ts";

/** Words that say "put yours here", in lower case; anywhere in a value. */
const PLACEHOLDER_WORDS = new RegExp(
  anyOf(
    ...["example", "change[-_]?me", "placeholder", "redacted", "dummy", "xxxx"],
    ...["\\*\\*\\*", "\\.\\.\\.", "insert[-_]", "replace[-_]?me", "goes[-_ ]?here"],
    ...["tokenhere", "keyhere", "stringhere", "here$"],
    "(?:^|[^a-z])(?:your|my|fake|todo|fixme|sample|not)[-_]",
  ),
);

/** Something that is replaced before the value is used, or looked up elsewhere. */
const REFERENCE = new RegExp(
  anyOf(
    String.raw`^(?:\$|%[A-Za-z_{(]|<|\{|@\{|#\{|\[|\*|&[a-z])`,
    String.raw`\$\{|\$\(|\{\{|%\(`,
    String.raw`os\.environ|process\.env|getenv|secrets\.|env\.`,
    "vault:|ssm:|arn:|keyvault|file:/|env:",
  ),
  "i",
);

/** What a field says of itself instead of holding a value. */
const FILLING_WORDS = new Set(
  (
    "string text password passwd pass secret token key apikey value required optional true false " +
    "null none nil undefined boolean bool number integer int object array any unknown default " +
    "empty hidden masked enabled disabled yes no on off test testing basic bearer digest hunter " +
    "username user admin root guest foobar foo bar baz qux write read auto inherit standard raw"
  ).split(" "),
);

const NAMED_AFTER_ITSELF = new RegExp(
  `^${anyWordOf("my your the test user db new old some a this is super top very")}?[-_]?` +
    `${anyWordOf("password passwd secret token api[-_]?key key credential")}s?[-_]?[0-9]{0,3}$`,
  "i",
);

/** Whether a value stands in for a secret instead of being one. */
export function isPlaceholder(value: string): boolean {
  const lower = value.toLowerCase();
  return (
    FILLING_WORDS.has(lower) ||
    PLACEHOLDER_WORDS.test(lower) ||
    REFERENCE.test(value) ||
    NAMED_AFTER_ITSELF.test(value) ||
    distinctCharacters(value, 3) <= 2
  );
}

/** Whether the part of a token that should be random was filled in by hand. */
export function isFilledIn(body: string): boolean {
  return (
    /x{5}|\*{3}|\.{3}/i.test(body) ||
    /example|placeholder|changeme|redacted|your[-_]|stringhere|tokenhere|keyhere/i.test(body) ||
    distinctCharacters(body, 5) < 5
  );
}

/** How many different characters there are; stops counting at `enough`. */
function distinctCharacters(text: string, enough: number): number {
  const seen = new Set<string>();
  for (const character of text) {
    seen.add(character);
    if (seen.size >= enough) break;
  }
  return seen.size;
}

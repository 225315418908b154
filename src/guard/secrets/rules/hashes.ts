import { isFilledIn } from "../placeholders.ts";
import type { SecretRule } from "../rule.ts";
import { sampleOf } from "../sample.ts";

const HASH_43 = sampleOf("A-Za-z0-9", 43);
const SALT = sampleOf("A-Za-z0-9", 16);

function hash(kind: string, keyword: string, body: string, example: string): SecretRule {
  return {
    kind,
    severity: "high",
    keywords: [keyword],
    reach: { kind: "prefix", boundary: "any" },
    pattern: new RegExp(body),
    secretGroup: 0,
    accepts: (secret) => !isFilledIn(secret),
    examples: {
      match: [example, `root:${example}:19000:0:99999:7:::`],
      noMatch: [example.slice(0, 20), `${keyword}${"x".repeat(90)}`],
    },
  };
}

const SALTED = String.raw`(?:\$rounds=[0-9]{1,9})?\$[./A-Za-z0-9]{1,16}\$`;

/** What opens a thing once it is guessed offline: hashes of passwords, vaults, seeds, challenges. */
export const HASH_RULES: readonly SecretRule[] = [
  hash(
    "password-hash",
    "$1$",
    String.raw`\$1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}`,
    `$1$${SALT.slice(0, 8)}$${HASH_43.slice(0, 22)}`,
  ),
  hash(
    "password-hash",
    "$apr1$",
    String.raw`\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}`,
    `$apr1$${SALT.slice(0, 8)}$${HASH_43.slice(0, 22)}`,
  ),
  ...["2a", "2b", "2x", "2y"].map((version) =>
    hash(
      "password-hash",
      `$${version}$`,
      String.raw`\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}`,
      `$${version}$12$${sampleOf("A-Za-z0-9", 53)}`,
    ),
  ),
  hash("password-hash", "$5$", String.raw`\$5${SALTED}[./A-Za-z0-9]{43}`, `$5$${SALT}$${HASH_43}`),
  hash(
    "password-hash",
    "$6$",
    String.raw`\$6${SALTED}[./A-Za-z0-9]{86}`,
    `$6$${SALT}$${sampleOf("A-Za-z0-9", 86)}`,
  ),
  hash(
    "password-hash",
    "$8$",
    String.raw`\$8\$[./A-Za-z0-9]{8,16}\$[./A-Za-z0-9]{43}`,
    `$8$${SALT.slice(0, 14)}$${HASH_43}`,
  ),
  hash(
    "password-hash",
    "$9$",
    String.raw`\$9\$[./A-Za-z0-9]{8,16}\$[./A-Za-z0-9]{43}`,
    `$9$${SALT.slice(0, 14)}$${HASH_43}`,
  ),
  hash(
    "password-hash",
    "$y$",
    String.raw`\$y\$[./A-Za-z0-9]{2,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}`,
    `$y$j9T$${SALT}$${HASH_43}`,
  ),
  hash(
    "password-hash",
    "$argon2",
    String.raw`\$argon2(?:id|i|d)\$(?:v=[0-9]{1,3}\$)?m=[0-9]{1,8},t=[0-9]{1,4},p=[0-9]{1,4}\$[A-Za-z0-9+/]{8,88}\$[A-Za-z0-9+/]{16,172}`,
    `$argon2id$v=19$m=65536,t=3,p=4$${SALT}$${HASH_43}`,
  ),
  hash(
    "password-hash",
    "pbkdf2_sha",
    String.raw`pbkdf2_sha(?:1|256|512)\$[0-9]{3,9}\$[A-Za-z0-9+/]{6,64}\$[A-Za-z0-9+/]{27,172}={0,2}`,
    `pbkdf2_sha256$600000$${SALT}$${HASH_43}=`,
  ),
  hash(
    "password-hash",
    "{ssha",
    String.raw`\{SSHA(?:256|512)?\}[A-Za-z0-9+/]{32,200}={0,2}`,
    `{SSHA}${sampleOf("A-Za-z0-9", 38)}==`,
  ),
  hash(
    "password-hash",
    "$krb5",
    String.raw`\$krb5(?:asrep|tgs)\$[0-9]{2}\$[^\s$]{1,200}\$[0-9a-f$*]{64,4096}`,
    `$krb5asrep$23$user@A.B:${sampleOf("a-f0-9", 32)}$${sampleOf("a-f0-9", 96)}`,
  ),
  hash(
    "password-hash",
    "$scrypt$",
    String.raw`\$scrypt\$ln=[0-9]{1,2},r=[0-9]{1,3},p=[0-9]{1,3}\$[A-Za-z0-9+/]{8,88}\$[A-Za-z0-9+/]{32,172}`,
    `$scrypt$ln=16,r=8,p=1$${SALT}$${HASH_43}`,
  ),
  hash(
    "scram-verifier",
    "scram-sha-256$",
    String.raw`SCRAM-SHA-256\$[0-9]{3,7}:[A-Za-z0-9+/]{16,64}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=`,
    `SCRAM-SHA-256$4096:${SALT}${SALT.slice(0, 6)}==$${HASH_43}=:${HASH_43}=`,
  ),
  {
    kind: "ansible-vault",
    severity: "medium",
    keywords: ["$ansible_vault;"],
    reach: { kind: "prefix", boundary: "any" },
    pattern: /\$ANSIBLE_VAULT;[0-9.]{3,5};AES256[^\n]{0,60}(?:\\n|\r?\n)[ \t]{0,20}[0-9a-f]{60,80}/,
    secretGroup: 0,
    extend: hexLinesEnd,
    examples: {
      match: [`$ANSIBLE_VAULT;1.1;AES256\n${sampleOf("0-9", 80)}\n${sampleOf("0-9", 80)}`],
      noMatch: ["$ANSIBLE_VAULT;1.1;AES256\nempty"],
    },
  },
];

/** Lines of digits and letters a to f, as long as they go on. */
function hexLinesEnd(text: string, start: number): number {
  const line = /(?:\\n|\r?\n)[ \t]{0,20}[0-9a-f]{1,80}/y;
  let end = start;
  for (;;) {
    line.lastIndex = end;
    if (!line.test(text)) return end;
    end = line.lastIndex;
  }
}

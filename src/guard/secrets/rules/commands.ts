import { isFilledIn, isPlaceholder } from "../placeholders.ts";
import type { SecretRule } from "../rule.ts";
import { isCredible } from "../values.ts";

const PASSWORD = ["Zk3", "vq8T!"].join("");

function isPassword(value: string): boolean {
  return isCredible(value, { nameClass: "password", literal: true, data: true });
}

/** A value that only its place names: `mysql -pvalue`. It must look chosen, not like a word. */
function isChosen(value: string): boolean {
  return isPassword(value) && /[0-9!@#$%^&*]/.test(value) && /[A-Za-z]/.test(value);
}

interface Phrase {
  readonly kind?: string;
  readonly keyword: string;
  /** Starts with the keyword; its first group is the secret. */
  readonly pattern: RegExp;
  readonly accepts?: (secret: string) => boolean;
  readonly match: readonly string[];
  readonly noMatch: readonly string[];
}

function phrase({ kind, keyword, pattern, accepts, match, noMatch }: Phrase): SecretRule {
  return {
    kind: kind ?? "password",
    severity: "high",
    keywords: [keyword],
    reach: { kind: "prefix", boundary: "word" },
    pattern,
    secretGroup: 1,
    accepts: accepts ?? isPassword,
    examples: { match, noMatch },
  };
}

/** Passwords by the grammar of commands, files and calls that take them. */
export const COMMAND_RULES: readonly SecretRule[] = [
  phrase({
    keyword: "curl ",
    pattern:
      /curl [^\n]{0,200}?(?:-u|--user|-U|--proxy-user)[ =]{0,2}["']?[^\s:"']{0,64}:([^\s"']{4,64})/,
    match: [`curl -s -u alice:${PASSWORD} https://a.example/`, `curl --user 'alice:${PASSWORD}'`],
    noMatch: [
      "curl -u alice https://a.example:8443/x",
      "curl -u alice:$PASSWORD https://a.example",
    ],
  }),
  phrase({
    kind: "netrc-password",
    keyword: "login ",
    pattern: /login[ \t]{1,4}\S{1,80}\s{1,40}password[ \t]{1,4}(\S{4,80})/,
    match: [
      `machine a.example login alice password ${PASSWORD}`,
      `login a\n  password ${PASSWORD}`,
    ],
    noMatch: ["login with your password", "machine a login alice account x"],
  }),
  phrase({
    keyword: "sshpass ",
    pattern: /sshpass {1,3}-p {0,2}["']?([^\s"']{4,64})/,
    match: [`sshpass -p '${PASSWORD}' ssh a@b`, `sshpass -p${PASSWORD} ssh a@b`],
    noMatch: ["sshpass -f file ssh a@b", "sshpass -p $PASS ssh a@b"],
  }),
  ...["mysql ", "mysqldump ", "mysqladmin ", "mariadb "].map((keyword) =>
    phrase({
      keyword,
      pattern: new RegExp(`${keyword}[^\\n]{0,120}? -p["']?([^\\s"']{4,64})`),
      accepts: isChosen,
      match: [`${keyword}-u root -p${PASSWORD} app`],
      noMatch: [`${keyword}-u root -p app`, `${keyword}-u root -ppassword app`],
    }),
  ),
  ...[
    "redis-cli ",
    "mosquitto_pub ",
    "docker login ",
    "psexec",
    "ldapsearch ",
    "helm registry login ",
  ].map((keyword) =>
    phrase({
      keyword,
      pattern: new RegExp(
        `${keyword}[^\\n]{0,160}? (?:-a|-P|-p|-w|--pass) ?["']?([^\\s"']{4,64})`,
        "i",
      ),
      accepts: isChosen,
      match: [`${keyword} -p ${PASSWORD} x`],
      noMatch: [`${keyword} -h 127.0.0.1 -p 6379`, `${keyword} -p $PASS x`],
    }),
  ),
  phrase({
    keyword: "convertto-securestring",
    pattern:
      /ConvertTo-SecureString(?: -(?:String|AsPlainText|Force)){0,3} {1,4}["']([^"'\n]{4,200})["']/i,
    match: [`ConvertTo-SecureString "${PASSWORD}" -AsPlainText -Force`],
    noMatch: [
      "ConvertTo-SecureString $plain -AsPlainText -Force",
      'ConvertTo-SecureString "$env:P"',
    ],
  }),
  phrase({
    keyword: "identified ",
    pattern: /identified (?:with \w{1,40} )?(?:by|as) (?:password )?["']([^"'\n]{4,100})["']/i,
    match: [`CREATE USER app IDENTIFIED BY '${PASSWORD}';`],
    noMatch: ["IDENTIFIED BY 'password'", "identified by 'the reader"],
  }),
  phrase({
    keyword: "net user ",
    pattern: /net user \S{1,40} (\S{4,64}) \/add/i,
    match: [`net user alice ${PASSWORD} /add`],
    noMatch: ["net user alice /add", "net user alice /delete"],
  }),
  ...[
    "networkcredential",
    "directoryentry",
    "basicauthcredentials",
    "usernamepasswordcredentials",
  ].map((keyword) =>
    phrase({
      keyword,
      pattern: new RegExp(
        `${keyword}\\s{0,8}\\(\\s{0,4}["'][^"'\\n]{1,100}["']\\s{0,2},\\s{0,4}` +
          `(?:["'][^"'\\n]{1,100}["']\\s{0,2},\\s{0,4})?["']([^"'\\n]{3,60})["']`,
        "i",
      ),
      match: [`new ${keyword}("alice", "${PASSWORD}")`],
      noMatch: [`new ${keyword}(user, password)`, `${keyword}("alice", "password")`],
    }),
  ),
  phrase({
    keyword: "userpwd",
    pattern: /userpwd\s{0,3},\s{0,3}["'][^"':\n]{0,80}:([^"'\n]{4,100})["']/i,
    match: [
      `curl_easy_setopt(c, CURLOPT_USERPWD, "a:${PASSWORD}")`.replace("CURLOPT_", "CURLOPT "),
    ],
    noMatch: ["CURLOPT USERPWD, userpwd"],
  }),
  phrase({
    keyword: "pass:",
    pattern: /pass:([^\s"':]{4,64})/,
    accepts: isChosen,
    match: [`openssl enc -aes-256-cbc -pass pass:${PASSWORD}`],
    noMatch: ["-pass pass:env", "pass: 12 fail: 3"],
  }),
  phrase({
    kind: "authorization-header",
    keyword: "authorization",
    pattern:
      /authorization["']?\s{0,3}[:=,]\s{0,3}["']?(?:(?:token|apikey|api-key|key|ssws|splunk|genie ?key|digest|aws4-hmac-sha256|negotiate|ntlm|oauth) {1,3}(?:token=)?["']?)?([A-Za-z0-9._~+/=:-]{16,600})/i,
    accepts: (value) =>
      !isFilledIn(value) &&
      !isPlaceholder(value) &&
      isCredible(value, { nameClass: "secret", literal: true, data: true }),
    match: [
      "Authorization: token a8Kq2ZvT9xLm4RcW7bYn3HdJ",
      "'Authorization': 'a8Kq2ZvT9xLm4RcW7bYn3HdJ'",
    ],
    noMatch: ["Authorization: required", "authorization: AuthorizationService"],
  }),
];

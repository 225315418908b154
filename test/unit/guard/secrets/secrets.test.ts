import { expect, test } from "vitest";
import { sampleOf } from "../../../../src/guard/secrets/sample.ts";
import { createSecretsGuard } from "../../../../src/guard/secrets/secrets.ts";
import { cleanedBy, hitsOf, leafOf } from "../leaves.ts";

const guard = createSecretsGuard();
const clean = (text: string): string => cleanedBy(guard, leafOf(text));

/** Random by construction, and nobody's. */
const CHANCE = sampleOf("A-Za-z0-9", 40);
const HEX40 = sampleOf("a-f0-9", 40);
const AWS_KEY_ID = ["AKIA", "Q3EGRIZT", "7XBN2WKD"].join("");
const PEM = ["-----BEGIN ", "PRIVATE KEY-----\n", CHANCE, "\n-----END PRIVATE ", "KEY-----"].join(
  "",
);

test.each([
  ["password: Zk3vq8Tx!", "password: [REDACTED:password]"],
  ['"password": "Zk3vq8Tx",', '"password": "[REDACTED:password]",'],
  ['{\\"password\\": \\"Zk3vq8Tx\\"}', '{\\"password\\": \\"[REDACTED:password]\\"}'],
  ["DB_PASSWORD=correcthorse", "DB_PASSWORD=[REDACTED:password]"],
  ["--password Zk3vq8Tx --force", "--password [REDACTED:password] --force"],
  ["<password>Zk3vq8Tx</password>", "<password>[REDACTED:password]</password>"],
  ["define('DB_PASSWORD', 'Zk3vq8Tx');", "define('DB_PASSWORD', '[REDACTED:password]');"],
  ['key="DB_PASSWORD" value="Zk3vq8Tx"', 'key="DB_PASSWORD" value="[REDACTED:password]"'],
  ["The password is Zk3vq8Tx.", "The password is [REDACTED:password]."],
  ["La contraseña del servidor es Zk3vq8Tx", "La contraseña del servidor es [REDACTED:password]"],
  ["пароль: Zk3vq8Tx", "пароль: [REDACTED:password]"],
  [`export API_TOKEN=${HEX40}`, "export API_TOKEN=[REDACTED:named-secret]"],
  [`clientSecret := "${CHANCE}"`, 'clientSecret := "[REDACTED:named-secret]"'],
  [`?user=a&access_token=${CHANCE}&x=1`, "?user=a&access_token=[REDACTED:named-secret]&x=1"],
  [`vendor_key = ${CHANCE}`, "vendor_key = [REDACTED:named-key]"],
  [`AWS_SECRET_ACCESS_KEY=${CHANCE}`, "AWS_SECRET_ACCESS_KEY=[REDACTED:aws-secret-access-key]"],
  [`id ${AWS_KEY_ID}, done`, "id [REDACTED:aws-access-key-id], done"],
  [`a\n${PEM}\nb`, "a\n[REDACTED:private-key]\nb"],
  ["redis://:Zk3vq8Tx@cache:6379/0", "redis://:[REDACTED:url-password]@cache:6379/0"],
  [`seen "${CHANCE}" here`, 'seen "[REDACTED:high-entropy-token]" here'],
])("only the secret of %j is replaced", (text, cleaned) => {
  expect(clean(text)).toBe(cleaned);
});

test.each([
  "password: ",
  "password: string",
  'password: "Enter your password"',
  "password = getPassword()",
  "password: user.password",
  "const password = process.env.DB_PASSWORD;",
  "password = os.environ['DB_PASSWORD']",
  "password=$" + "{DB_PASSWORD}",
  "password: changeme",
  "password=********",
  "PASSWORD=<your-password>",
  "password_hash: 5f4dcc3b5aa765d61d8327deb882cf99",
  "passwordMinLength: 12",
  "the password must have 8 characters",
  "the token is expired",
  "max_tokens: 4096",
  `"nextPageToken": "${CHANCE.slice(0, 20)}9"`,
  "id-token: write",
  "token: AuthToken2",
  '"key": "sidebar.title.1"',
  "key = primary_index_2",
  "secret: my-service-secret-1",
  "tokenizer=cl100k_base",
  "paths: ['users.*.password', 'users.*.apiKey2']",
  "dotDotDotToken: DotDotDotTokenNode",
  'if (key === "dangerouslySetInnerHTML")',
  '"minipass": "^7.0.4"',
  "compass: 3f9a2c",
])("%j passes", (text) => {
  expect(clean(text)).toBe(text);
});

test.each([
  ["a UUID", "8e4e2dfb-9cc4-47f7-af59-073d532d325f"],
  ["a git hash", `commit ${HEX40}`],
  ["a SHA-256", `sha256:${sampleOf("a-f0-9", 64)}`],
  ["an integrity hash", `"integrity": "sha512-${sampleOf("A-Za-z0-9", 86)}=="`],
  ["an SSH fingerprint", `256 SHA256:${sampleOf("A-Za-z0-9", 43)} alice@laptop`],
  ["an SSH public key", `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${sampleOf("A-Za-z0-9", 40)} a@b`],
  ["a URL", `https://a.example/p?gclid=${CHANCE}`],
  ["a path", `/srv/cache/${CHANCE}/index`],
  ["an image", `data:image/png;base64,iVBORw0KGgo${sampleOf("A-Za-z0-9", 90)}`],
  ["text in base64", Buffer.from("a text of which nothing is a secret").toString("base64")],
  ["a long identifier", "ClientAuthenticationMethodNotSupported2Exception1For3Requests"],
  ["a long base64 blob", sampleOf("A-Za-z0-9", 400)],
  ["an ObjectId", '{"_id": "507f1f77bcf86cd799439011"}'],
])("%s is no secret by chance", (_title, text) => {
  expect(clean(text)).toBe(text);
});

test.each([
  { name: "password", text: "correct-horse", cleaned: "[REDACTED:password]" },
  { name: "password", text: " Zk3vq8Tx\n", cleaned: " [REDACTED:password]\n" },
  { name: "api_key", text: HEX40, cleaned: "[REDACTED:named-secret]" },
  { name: "SecretAccessKey", text: CHANCE, cleaned: "[REDACTED:aws-secret-access-key]" },
  { name: "apiKey", text: `x${AWS_KEY_ID}`, cleaned: "[REDACTED:named-secret]" },
  { name: "token", text: AWS_KEY_ID, cleaned: "[REDACTED:aws-access-key-id]" },
  { name: "password", text: "string", cleaned: "string" },
  { name: "password", text: "[REDACTED:password]", cleaned: "[REDACTED:password]" },
  { name: "text", text: "correct-horse", cleaned: "correct-horse" },
  { name: "progressToken", text: HEX40, cleaned: HEX40 },
  { name: null, text: HEX40, cleaned: HEX40 },
])("the value of the member $name becomes $cleaned", ({ name, text, cleaned }) => {
  expect(cleanedBy(guard, leafOf(text, { name }))).toBe(cleaned);
});

test.each([
  { title: "an opaque value by chance", text: CHANCE, name: "token", kinds: [] },
  { title: "an opaque value by name", text: "password=Zk3vq8Tx", name: null, kinds: [] },
  {
    title: "an opaque value by its form",
    text: `c-${AWS_KEY_ID}`,
    name: "cursor",
    kinds: ["aws-access-key-id"],
  },
])("$title yields $kinds", ({ text, name, kinds }) => {
  const hits = hitsOf(guard, leafOf(text, { nature: "opaque", name }));
  expect(hits.map(({ kind }) => kind)).toEqual(kinds);
});

test.each([
  { name: "password", text: "123456", kinds: ["password"] },
  { name: "passwordLength", text: "123456", kinds: [] },
  { name: "token", text: "123456", kinds: [] },
  { name: "password", text: "12", kinds: [] },
])("the number $text named $name yields $kinds", ({ name, text, kinds }) => {
  const hits = hitsOf(guard, leafOf(text, { nature: "number", name }));
  expect(hits.map(({ kind }) => kind)).toEqual(kinds);
});

test("a secret behind a mark is found, the mark itself is not", () => {
  expect(clean("[REDACTED:password]")).toBe("[REDACTED:password]");
  expect(clean(`password=[REDACTED:password] id=${AWS_KEY_ID}`)).toBe(
    "password=[REDACTED:password] id=[REDACTED:aws-access-key-id]",
  );
  expect(clean(`[REDACTED:x]${AWS_KEY_ID}`)).toBe("[REDACTED:x][REDACTED:aws-access-key-id]");
});

test("two tokens glued together are both found, once the first is gone", () => {
  const first = ["glpat-", sampleOf("A-Za-z0-9", 20)].join("");
  expect(clean(`${first}.${AWS_KEY_ID}`)).toBe(
    "[REDACTED:gitlab-token].[REDACTED:aws-access-key-id]",
  );
});

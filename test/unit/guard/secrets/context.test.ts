import { expect, test } from "vitest";
import { sampleOf } from "../../../../src/guard/secrets/sample.ts";
import { createSecretsGuard } from "../../../../src/guard/secrets/secrets.ts";
import { cleanedBy, hitsOf, leafOf } from "../leaves.ts";

const guard = createSecretsGuard();
const clean = (text: string): string => cleanedBy(guard, leafOf(text));

/** Random by construction, and nobody's. */
const CHANCE = sampleOf("a-f0-9", 32);
const UUID = "8e4e2dfb-9cc4-47f7-af59-073d532d325f";
const PASSWORD = ["Zk3", "vq8T!"].join("");
const BASE64 = Buffer.from("some value or other").toString("base64");

test.each([
  [`DATADOG_API_KEY ${CHANCE}`, "DATADOG_API_KEY [REDACTED:datadog-key]"],
  [`datadog = "${CHANCE}"`, 'datadog = "[REDACTED:datadog-key]"'],
  [`heroku key: ${UUID}`, "heroku key: [REDACTED:heroku-key]"],
  [`weatherbitACCESS ${CHANCE}`, "weatherbitACCESS [REDACTED:weatherbit-key]"],
])("the service named in %j tells of its key", (text, cleaned) => {
  expect(clean(text)).toBe(cleaned);
});

test.each([
  `commit ${sampleOf("a-f0-9", 40)} of github`,
  `github ${sampleOf("a-f0-9", 40)}`,
  `request ${UUID} to heroku`,
  `the datadog agent, with digest: ${CHANCE}`,
  "heroku: a platform with a key feature",
  "datadog_key: <your key>",
])("no service's key stands in %j", (text) => {
  expect(clean(text)).toBe(text);
});

test.each([
  ["PSWRD:=Zk3vq8T9", "PSWRD:=[REDACTED:password]"],
  ["비밀번호: Zk3vq8T9", "비밀번호: [REDACTED:password]"],
  ["密码：Zk3vq8T9", "密码：[REDACTED:password]"],
  ["mật khẩu: Zk3vq8T9", "mật khẩu: [REDACTED:password]"],
  ["passphrase: correct horse battery staple", "passphrase: [REDACTED:password]"],
  ['{"password": "sunshine"}', '{"password": "[REDACTED:password]"}'],
  [`"password": "ab\\"cd9!"`, '"password": "[REDACTED:password]"'],
  [`client.setPassword("${PASSWORD}")`, 'client.setPassword("[REDACTED:password]")'],
  [
    `- name: DB_PASSWORD\n  value: ${PASSWORD}`,
    "- name: DB_PASSWORD\n  value: [REDACTED:password]",
  ],
  [`| DB_PASSWORD | ${PASSWORD} |`, "| DB_PASSWORD | [REDACTED:password] |"],
  [`api_token: |\n  ${CHANCE}`, "api_token: |\n  [REDACTED:named-secret]"],
  [`curl -u a:${PASSWORD} https://a.example`, "curl -u a:[REDACTED:password] https://a.example"],
  [
    `machine a.example login a password ${PASSWORD}`,
    "machine a.example login a password [REDACTED:netrc-password]",
  ],
  [
    `kind: Secret\ndata:\n  a: ${BASE64}\n  b: |\n    ${BASE64}\nspec: x`,
    "kind: Secret\ndata:\n  a: [REDACTED:kubernetes-secret]\n" +
      "  b: |\n    [REDACTED:kubernetes-secret]\nspec: x",
  ],
])("only the secret of %j is replaced", (text, cleaned) => {
  expect(clean(text)).toBe(cleaned);
});

test.each([
  '"password": "Enter your new password"',
  '"password": "Mot de passe oublié"',
  'password = getPassword("main-database-1")',
  'getToken("users-service-2024")',
  "def_API('Z3_optimize_get_param_descrs')",
  "Passphrase callback function signature",
  "_`Bearer Token`: https://tools.ietf.org/html/rfc6750",
  "the arguments to pass tests/gdebi-test8.deb",
  `kind: ConfigMap\ndata:\n  a: ${BASE64}`,
])("%j passes", (text) => {
  expect(clean(text)).toBe(text);
});

test("a secret that is named once is removed wherever it stands", () => {
  expect(clean(`password=${PASSWORD} and then ${PASSWORD}.`)).toBe(
    "password=[REDACTED:password] and then [REDACTED:password].",
  );
});

test("a token of several parts goes as a whole", () => {
  const parts = [40, 60, 43].map((length) => sampleOf("A-Za-z0-9", length));
  expect(clean(`seen "${parts.join(".")}" here`)).toBe('seen "[REDACTED:high-entropy-token]" here');
});

test("a text that needs more rounds than there are is reported, for the policy to refuse", () => {
  const part = (index: number): string => `glpat-${sampleOf("A-Za-z0-9", 20 + index)}.`;
  const text = Array.from({ length: 12 }, (_, index) => part(index)).join("");
  const hits = hitsOf(guard, leafOf(text));
  const exceeded = hits.filter(({ kind }) => kind === "budget_exceeded");
  const left = cleanedBy(guard, leafOf(text)).includes("glpat-");
  expect(exceeded.length === 1 || !left).toBe(true);
  for (const { replacement } of exceeded) expect(replacement).toBeNull();
});

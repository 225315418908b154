import { describe, expect, test } from "vitest";
import { PII_KINDS, type PiiKind } from "../../../../src/core/pii.ts";
import { EMAIL_EXAMPLES } from "../../../../src/guard/pii/email/email.ts";
import { IBAN_EXAMPLES } from "../../../../src/guard/pii/iban.ts";
import { IP_EXAMPLES } from "../../../../src/guard/pii/ip-address.ts";
import { createNumberScanner, NUMBER_FORMATS } from "../../../../src/guard/pii/numbers.ts";
import { PHONE_EXAMPLES } from "../../../../src/guard/pii/phone/phone.ts";
import { createPiiScanner } from "../../../../src/guard/pii/scanner.ts";

const scanner = createPiiScanner(new Set(PII_KINDS));

function kindsIn(text: string, name: string | null = null): readonly PiiKind[] {
  return scanner.scan({ text, name }).map(({ kind }) => kind);
}

describe.each(NUMBER_FORMATS.map((format) => ({ format, id: format.id })))("$id", ({ format }) => {
  const alone = createNumberScanner(new Set([format.kind]), [format]);

  test.each(format.examples.match)("finds %j, by itself and among all", (text) => {
    expect(alone.scan({ text, name: null })).toHaveLength(1);
    expect(kindsIn(text)).toEqual([format.kind]);
  });

  test.each(format.examples.noMatch)("passes the near miss %j", (text) => {
    expect(alone.scan({ text, name: null }).filter(({ kind }) => kind === format.kind)).toEqual([]);
  });

  test("is told by its title, and has a template and a near miss", () => {
    expect(format.title).not.toBe("");
    expect([...format.anywhere, ...format.named].length).toBeGreaterThan(0);
    expect(format.examples.noMatch.length).toBeGreaterThan(0);
    if (format.named.length > 0) expect(format.words.length).toBeGreaterThan(0);
  });
});

describe.each([
  { kind: "email", examples: EMAIL_EXAMPLES },
  { kind: "phone", examples: PHONE_EXAMPLES },
  { kind: "iban", examples: IBAN_EXAMPLES },
  { kind: "ip_address", examples: IP_EXAMPLES },
] as const)("$kind", ({ kind, examples }) => {
  const only = createPiiScanner(new Set([kind]));

  test.each(examples.match)("finds %j", (text) => {
    expect(kindsIn(text)).toEqual([kind]);
  });

  test.each(examples.noMatch)("passes %j", (text) => {
    expect(only.scan({ text, name: null })).toEqual([]);
  });
});

test.each([
  { text: "Write to ana@example.com.", found: ["ana@example.com"] },
  { text: "<ana@example.com>,bo@example.org", found: ["ana@example.com", "bo@example.org"] },
  { text: "card 4111 1111 1111 1111 12/27 123", found: ["4111 1111 1111 1111"] },
  { text: "+49 30 901820, then +1 415 555 2671.", found: ["+49 30 901820", "+1 415 555 2671"] },
  { text: "IBAN DE89 3704 0044 0532 0130 00 BIC X", found: ["DE89 3704 0044 0532 0130 00"] },
  { text: '{"ssn":"123-45-6789"}', found: ["123-45-6789"] },
  { text: "\\n4111111111111111\\n", found: ["4111111111111111"] },
  { text: "请联系mia@example.com谢谢", found: ["mia@example.com"] },
  { text: "4111111111111111@example.com", found: ["4111111111111111@example.com"] },
])("in $text exactly $found is found", ({ text, found }) => {
  const texts = scanner.scan({ text, name: null }).map(({ start, end }) => text.slice(start, end));
  expect(texts).toEqual(found);
});

test.each([
  { name: "phoneNumber", text: "4155552671", kinds: ["phone"] },
  { name: "home_phone", text: "030 901820", kinds: ["phone"] },
  { name: "telescope", text: "4155552671", kinds: [] },
  { name: "ssn", text: "123456789", kinds: ["national_id"] },
  { name: "cardNumber", text: "4222222222222", kinds: ["card"] },
  { name: "card_id", text: "4111111111111111", kinds: ["card"] },
  { name: "order_id", text: "4111111111111111", kinds: [] },
  { name: "createdTime", text: "4111111111111111", kinds: [] },
])("$text under the key $name is $kinds", ({ name, text, kinds }) => {
  expect(kindsIn(text, name)).toEqual(kinds);
});

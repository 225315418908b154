import { describe, expect, test } from "vitest";
import type { Leaf, LeafNature } from "../../../../src/core/json.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import type { PiiConfig, RedactSettings } from "../../../../src/core/pii.ts";
import { createPiiGuard } from "../../../../src/guard/pii/pii.ts";
import { parseJson } from "../../../../src/mcp/json/parse.ts";
import { cleanedBy, hitsOf, leafOf, REQUEST_PLACE, RESULT_PLACE } from "../leaves.ts";

const ON: PiiConfig = {
  enabled: true,
  request: true,
  response: true,
  kinds: ["email", "phone", "card", "iban", "national_id"],
  denyKeys: [],
  servers: new Map(),
};
const OFF: PiiConfig = { ...ON, enabled: false };
const MAIL = "ana@example.com";

function cleaned(text: string, config: PiiConfig = ON, redact: RedactSettings | null = null) {
  return cleanedBy(createPiiGuard(config, redact), leafOf(text));
}

test.each([
  { text: `Mail ${MAIL} now`, left: "Mail [REDACTED_EMAIL] now" },
  { text: "Call +1 415 555 2671", left: "Call [REDACTED_PHONE]" },
  { text: "Pay 4242 4242 4242 4242", left: "Pay [REDACTED_CARD]" },
  { text: "To DE89370400440532013000", left: "To [REDACTED_IBAN]" },
  { text: "SSN 123-45-6789.", left: "SSN [REDACTED_NATIONAL_ID]." },
  { text: "from 203.0.113.7", left: "from 203.0.113.7" },
])("$text becomes $left", ({ text, left }) => {
  expect(cleaned(text)).toBe(left);
});

test("IP addresses are masked where the configuration names them", () => {
  expect(cleaned("from 203.0.113.7", { ...ON, kinds: ["ip_address"] })).toBe("from [REDACTED_IP]");
});

test.each<{ nature: LeafNature; text: string; hits: number }>([
  { nature: "text", text: MAIL, hits: 1 },
  { nature: "key", text: MAIL, hits: 1 },
  { nature: "number", text: "4111111111111111", hits: 1 },
  { nature: "number", text: "4111111111111111.5", hits: 0 },
  { nature: "number", text: "4111111111111111.0", hits: 1 },
  { nature: "number", text: "-4111111111111111", hits: 1 },
  { nature: "number", text: "4.111111111111111e15", hits: 1 },
  { nature: "number", text: "4.111111111111112e15", hits: 0 },
  { nature: "number", text: "1e999", hits: 0 },
  { nature: "opaque", text: MAIL, hits: 0 },
])("a leaf of nature $nature with $text has $hits hits", ({ nature, text, hits }) => {
  expect(hitsOf(createPiiGuard(ON, null), leafOf(text, { nature }))).toHaveLength(hits);
});

test("a server's own settings replace the others, by direction", () => {
  const files = { ...ON, request: false };
  const guard = createPiiGuard({ ...OFF, servers: new Map([["files", files]]) }, null);
  const leaf = leafOf(MAIL);
  expect(guard.response?.(leaf, RESULT_PLACE)).toHaveLength(1);
  expect(guard.request?.(leaf, REQUEST_PLACE) ?? []).toEqual([]);
  expect(guard.response?.(leaf, { ...RESULT_PLACE, server: "crm" })).toEqual([]);
});

describe("what a portable policy wants redacted", () => {
  test("is, though the configuration leaves personal data alone", () => {
    const text = `${MAIL} +1 415 555 2671 pin=1234`;
    const redact = { denyKeys: ["pin"], emails: true };
    expect(cleaned(text, OFF, redact)).toBe("[REDACTED_EMAIL] +1 415 555 2671 pin=[REDACTED]");
    expect(cleaned(text, OFF, { denyKeys: [], emails: false })).toBe(text);
  });
});

describe("deny_keys", () => {
  const guard = createPiiGuard({ ...ON, kinds: [], denyKeys: ["password", "api_key"] }, null);

  function hitsIn(json: string): readonly string[] {
    const document = parseJson(Buffer.from(json), DEFAULT_LIMITS);
    const leaves: readonly Leaf[] = document.ok ? document.value.leaves : [];
    return leaves.flatMap((leaf) => hitsOf(guard, leaf).map(() => leaf.text));
  }

  test.each([
    { json: '{"password":"a b"}', hits: ["a b"] },
    { json: '{"Pass_Word":"x","apiKey":"y"}', hits: ["x", "y"] },
    { json: '{"a":[{"password":{"b":["c"],"d":7}}]}', hits: ["b", "c", "d", "7"] },
    { json: '{"passwords":"x","my_password":"y"}', hits: [] },
    { json: '{"password":""}', hits: [] },
    { json: '{"password":"[REDACTED]"}', hits: [] },
    { json: '{"password":"[REDACTED:password]"}', hits: [] },
    { json: '{"inputSchema":{"properties":{"password":{"type":"string"}}}}', hits: [] },
  ])("of $json the values $hits are hit", ({ json, hits }) => {
    expect(hitsIn(json)).toEqual(hits);
  });

  test.each([
    { text: "password=hunter2&x=1", left: "password=[REDACTED]&x=1" },
    { text: 'PASSWORD: "a b", c', left: 'PASSWORD: "[REDACTED]", c' },
    { text: '{"api_key": "abc"}', left: '{"api_key": "[REDACTED]"}' },
    { text: '{\\"password\\":\\"abc\\"}', left: '{\\"password\\":\\"[REDACTED]\\"}' },
    { text: "\\npassword=abc", left: "\\npassword=[REDACTED]" },
    { text: "my_password=abc passwords=d", left: "my_password=abc passwords=d" },
    { text: "the password is long", left: "the password is long" },
    { text: "password=[REDACTED]", left: "password=[REDACTED]" },
  ])("$text becomes $left", ({ text, left }) => {
    expect(cleanedBy(guard, leafOf(text))).toBe(left);
  });

  test("a value that holds personal data goes as a whole", () => {
    const both = createPiiGuard({ ...ON, denyKeys: ["contact"] }, null);
    expect(cleanedBy(both, leafOf(`contact=${MAIL} b`))).toBe("contact=[REDACTED] b");
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";

import { readTokenForm } from "../../src/identity/jwt/token-form.ts";
import { decodeRevocations } from "../../src/identity/revocations.ts";
import { expectLinear } from "../support/linear.ts";
import { createTestKey, encode, goodToken } from "../support/tokens.ts";

const key = createTestKey("EdDSA");

const part = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.base64String(),
  fc.json().map(encode),
  fc.object().map((value) => encode(JSON.stringify(value))),
);

test("a token's form is read or refused, whatever it is", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const form = readTokenForm(parts.join("."));
      if (form.ok) expect(form.value.issuer).toMatch(/./);
      else expect(form.error).toMatch(/^token_[a-z_]+$/);
    }),
  );
});

test("a good token in which one character is another is not the same token", () => {
  const token = goodToken(key);
  const same = readTokenForm(token);
  expect(same.ok).toBe(true);
  fc.assert(
    fc.property(fc.nat({ max: token.length - 1 }), fc.string({ maxLength: 1 }), (at, other) => {
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      // Whatever is still read keeps to the form: three parts, each written in the one way it can.
      if (changed !== token && readTokenForm(changed).ok) {
        for (const each of changed.split(".")) {
          expect(Buffer.from(each, "base64url").toString("base64url")).toBe(each);
        }
      }
    }),
  );
});

test("reading takes time in proportion to the length", () => {
  const head = encode({ alg: "EdDSA" });
  expectLinear((length) => void readTokenForm(`${head}.${"A".repeat(length)}.A`), 4_000_000);
  expectLinear((length) => void readTokenForm("A".repeat(length)), 4_000_000);
  expectLinear((length) => void readTokenForm(".".repeat(length)), 4_000_000);
});

test("a list of revocations is read or refused, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const list = decodeRevocations(text);
      if (list !== null) expect(list.has("jti", "corp", "nobody")).toBe(false);
    }),
  );
});

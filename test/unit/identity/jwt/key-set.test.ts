import { describe, expect, test } from "vitest";

import { readKeySet } from "../../../../src/identity/jwt/key-set.ts";
import { createTestKey, type Members } from "../../../support/tokens.ts";

const rsa = createTestKey("RS256", "rsa");
const elliptic = createTestKey("ES256", "elliptic");
const edwards = createTestKey("EdDSA", "edwards");

const count = async (keys: readonly unknown[], kid: string | null, algorithm: string) =>
  (await readKeySet({ keys })?.candidates(kid, algorithm))?.length;

describe("a set of keys", () => {
  test.each([
    { kid: "rsa", algorithm: "RS256", found: 1 },
    { kid: "rsa", algorithm: "PS256", found: 0 },
    { kid: "rsa", algorithm: "ES256", found: 0 },
    { kid: "elliptic", algorithm: "ES256", found: 1 },
    { kid: "elliptic", algorithm: "ES384", found: 0 },
    { kid: "edwards", algorithm: "EdDSA", found: 1 },
    { kid: "edwards", algorithm: "Ed25519", found: 1 },
    { kid: null, algorithm: "RS256", found: 1 },
    { kid: "rsa", algorithm: "HS256", found: 0 },
    { kid: "rsa", algorithm: "constructor", found: 0 },
    { kid: "other", algorithm: "RS256", found: 0 },
  ])("has $found for $algorithm by $kid", async ({ kid, algorithm, found }) => {
    expect(await count([rsa.jwk, elliptic.jwk, edwards.jwk], kid, algorithm)).toBe(found);
  });

  test.each<{ title: string; changed: Members }>([
    { title: "is for encryption", changed: { use: "enc" } },
    { title: "is not for verifying", changed: { key_ops: ["sign"] } },
    { title: "shows its private half", changed: { d: "AA" } },
    { title: "is secret", changed: { kty: "oct", k: "AAAA" } },
    { title: "has no kind", changed: { kty: undefined } },
    { title: "has half of what it needs", changed: { n: undefined } },
    { title: "is of another kind than it says", changed: { kty: "EC" } },
  ])("leaves a key out that $title", async ({ changed }) => {
    expect(await count([{ ...rsa.jwk, ...changed }], "rsa", "RS256")).toBe(0);
  });

  test("takes a key that says nothing of its use or algorithm for any that fits", async () => {
    const { use: _, alg: __, ...bare } = rsa.jwk;
    expect(await count([bare], "rsa", "PS256")).toBe(1);
  });

  test("of many keys tries no more than four", async () => {
    const keys = Array.from({ length: 20 }, () => ({ ...rsa.jwk, kid: undefined }));
    expect(await count(keys, null, "RS256")).toBe(4);
  });

  test.each([null, [], {}, { keys: {} }, { keys: Array.from({ length: 101 }, () => ({})) }])(
    "is none: %j",
    (value) => {
      expect(readKeySet(value)).toBeNull();
    },
  );
});

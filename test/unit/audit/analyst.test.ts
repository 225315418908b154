import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  createAnalystKey,
  createAnalystSeal,
  generateAnalystKeys,
} from "../../../src/audit/analyst.ts";
import { generateKeys } from "../../../src/audit/signing.ts";

const KEYS = generateAnalystKeys();
const TEXT = Buffer.from('{"user_id":"EMP000417"}');

function sealOf(publicKey: string = KEYS.publicKey) {
  const seal = createAnalystSeal(Buffer.from(publicKey));
  if (!seal.ok) throw new Error(seal.error);
  return seal.value;
}

function keyOf(privateKey: string = KEYS.privateKey) {
  const key = createAnalystKey(Buffer.from(privateKey));
  if (!key.ok) throw new Error(key.error);
  return key.value;
}

function sealed(text: Uint8Array = TEXT, id = "decision-1") {
  const made = sealOf().seal(text, id);
  if (made === null) throw new Error("nothing was sealed");
  return made;
}

describe("sealed arguments", () => {
  test("are whole again for who has the key", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uuid(), (text, id) => {
        expect(keyOf().open(sealed(text, id), id)).toEqual(Buffer.from(text));
      }),
      { numRuns: 50 },
    );
  });

  test("hold nothing of their text", () => {
    const { data } = sealed();
    expect(Buffer.from(data, "base64url").toString("latin1")).not.toContain("EMP");
  });

  test("of the same text are never the same", () => {
    const seal = sealOf();
    const made = [seal.seal(TEXT, "a"), seal.seal(TEXT, "a"), sealOf().seal(TEXT, "a")];
    expect(new Set(made.map((one) => one?.data)).size).toBe(3);
  });

  test.each([
    {
      title: "another key's",
      open: () => keyOf(generateAnalystKeys().privateKey).open(sealed(), "decision-1"),
    },
    { title: "another decision's", open: () => keyOf().open(sealed(), "decision-2") },
    {
      title: "of an algorithm nobody knows",
      open: () => keyOf().open({ ...sealed(), alg: "none" }, "decision-1"),
    },
    {
      title: "cut off",
      open: () => keyOf().open({ ...sealed(), data: sealed().data.slice(0, 8) }, "decision-1"),
    },
    { title: "without a key", open: () => keyOf().open({ ...sealed(), epk: "" }, "decision-1") },
  ])("are nothing when they are $title", ({ open }) => {
    expect(open()).toBeNull();
  });

  test("are nothing when any bit of them is another", () => {
    const one = sealed();
    const data = Buffer.from(one.data, "base64url");
    for (let bit = 0; bit < data.length * 8; bit += 1) {
      const changed = Buffer.from(data);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const forged = { ...one, data: changed.toString("base64url") };
      expect(keyOf().open(forged, "decision-1")).toBeNull();
    }
  });

  test("are not made of what is too long to be kept", () => {
    expect(sealOf().seal(new Uint8Array(65_537), "a")).toBeNull();
  });

  test("stay apart over many texts", () => {
    const seal = sealOf();
    const seen = new Set<string>();
    for (let count = 0; count < 66_000; count += 1) {
      const made = seal.seal(new Uint8Array(1), "a");
      seen.add(`${made?.epk} ${made?.iv}`);
    }
    expect(seen.size).toBe(66_000);
  });
});

test("the analyst's private key is no key to seal with: who had it could read", () => {
  const { privateKey, publicKey } = generateAnalystKeys();
  expect(createAnalystSeal(Buffer.from(privateKey))).toMatchObject({
    ok: false,
    error: expect.stringContaining("stays with the analyst"),
  });
  expect(createAnalystSeal(Buffer.from(publicKey))).toMatchObject({ ok: true });
});

test.each([
  { title: "a key for signing", key: generateKeys().publicKey },
  { title: "a private key of another kind", key: generateKeys().privateKey },
  { title: "text", key: "nonsense" },
])("$title is no analyst's key", ({ key }) => {
  expect(createAnalystSeal(Buffer.from(key))).toMatchObject({ ok: false });
  expect(createAnalystKey(Buffer.from(key))).toMatchObject({ ok: false });
});

import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/config/load-config.ts";
import type { TextEdit } from "../../../src/core/finding.ts";
import type { Leaf } from "../../../src/core/json.ts";
import { createInspector } from "../../../src/guard/inspect.ts";
import { payloadOf } from "../../../src/guard/payload.ts";
import { createPiiGuard } from "../../../src/guard/pii/pii.ts";
import { createSecretsGuard } from "../../../src/guard/secrets/secrets.ts";
import { REDACTED, SECRET } from "../../support/messages.ts";
import { leafOf, RESULT_PLACE } from "./leaves.ts";

const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const NOISE = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 197 + 128) | 0x80));

const inspector = createInspector([createSecretsGuard(), pii()], {
  clock: { now: () => 0, monotonic: () => 0 },
  budgetMs: 1,
});

function pii() {
  const config = defaultConfig({});
  if (!config.ok) throw new Error("the defaults are a configuration");
  const kinds = ["card", "email"] as const;
  const on = { enabled: true, request: true, response: true, kinds, denyKeys: [] };
  return createPiiGuard({ ...on, servers: new Map() }, null);
}

function payload(
  parts: readonly (string | Buffer)[],
  { name = "data", nature = "text" as Leaf["nature"] } = {},
): Leaf {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return leafOf(bytes.toString("base64"), { name, nature });
}

describe("a payload is", () => {
  test.each([
    { title: "text", leaf: payload(["some words"]), kind: "text" },
    { title: "text in any script", leaf: payload(["Grüße, 世界"]), kind: "text" },
    { title: "a picture", leaf: payload([PNG, NOISE], { nature: "media" }), kind: "bytes" },
    { title: "bytes of no known kind", leaf: payload([NOISE], { name: "blob" }), kind: "bytes" },
    {
      title: "text that begins as a picture",
      leaf: payload([PNG, "words ".repeat(99)], { nature: "media" }),
      kind: "readable",
    },
    {
      title: "UTF-16",
      leaf: payload([Buffer.from("\ufeffwords and more words", "utf16le")]),
      kind: "readable",
    },
    {
      title: "a document that is text for the most part",
      leaf: payload(["%PDF-1.7\n%", Buffer.from([0xff, 0xfe]), "0 1 obj ".repeat(99)]),
      kind: "bytes",
    },
  ])("$kind where it holds $title", ({ leaf, kind }) => {
    expect(payloadOf(leaf)?.kind).toBe(kind);
  });

  test.each([
    { title: "no base64", leaf: leafOf("some words, no code", { name: "data" }) },
    { title: "under another name", leaf: leafOf("c29tZSB3b3Jkcw==", { name: "text" }) },
    { title: "a member's name", leaf: leafOf("data", { name: "data", nature: "key" }) },
  ])("none that is $title", ({ leaf }) => {
    expect(payloadOf(leaf)).toBeNull();
  });
});

describe("in a payload of text,", () => {
  test("what is found is taken out, and the text encoded again", () => {
    const leaf = payload([`id ${SECRET}, card 4111 1111 1111 1111, é`], { name: "blob" });
    const { edits, findings } = inspector.inspect([leaf], RESULT_PLACE);
    expect(findings.map(({ kind, action }) => [kind, action])).toEqual([
      ["aws-access-key-id", "redacted"],
      ["card", "redacted"],
    ]);
    expect(decoded(leaf, edits)).toBe(`id ${REDACTED}, card [REDACTED_CARD], é`);
  });

  test("nothing is touched where nothing is found", () => {
    const leaf = payload(["words and 12 numbers"]);
    expect(inspector.inspect([leaf], RESULT_PLACE)).toEqual({ edits: [], findings: [] });
  });
});

describe("in a payload of bytes,", () => {
  test.each([
    { title: "a comment", parts: [PNG, NOISE, "tEXtComment\0", SECRET, NOISE] },
    { title: "UTF-16", parts: [PNG, NOISE, Buffer.from(SECRET, "utf16le"), NOISE] },
    { title: "a comment with zeros around it", parts: [PNG, Buffer.alloc(64), SECRET, NOISE] },
    { title: "base64 in a comment", parts: [PNG, NOISE, base64(`id ${SECRET}`), NOISE] },
    { title: "text behind a picture's first bytes", parts: [PNG, "words ".repeat(999), SECRET] },
  ])("a secret in $title is found, and stays for the policy to refuse", ({ parts }) => {
    for (const nature of ["media", "text"] as const) {
      const { edits, findings } = inspector.inspect([payload(parts, { nature })], RESULT_PLACE);
      expect(edits).toEqual([]);
      expect(findings).toMatchObject([{ kind: "aws-access-key-id", action: "found" }]);
    }
  });

  test.each([
    { title: "noise", parts: [PNG, NOISE] },
    { title: "a comment without one", parts: [PNG, "tEXtComment\0Made by a program", NOISE] },
    {
      title: "what only looks random",
      parts: [PNG, "xmp.did:9B7E6A1C2D4F4E5A8B9C0D1E2F3A4B5C", NOISE],
    },
    { title: "silence", parts: ["RIFF0000WAVE", Buffer.alloc(4096)] },
    { title: "a number like a card's", parts: [PNG, NOISE, "4111111111111111", NOISE] },
  ])("$title is none", ({ parts }) => {
    const leaf = payload(parts, { nature: "media" });
    expect(inspector.inspect([leaf], RESULT_PLACE)).toEqual({ edits: [], findings: [] });
  });
});

test("a token that only looks like base64 is found as it stands", () => {
  const { findings } = inspector.inspect([leafOf(SECRET, { name: "data" })], RESULT_PLACE);
  expect(findings).toMatchObject([{ kind: "aws-access-key-id", action: "redacted" }]);
});

function decoded(leaf: Leaf, edits: readonly TextEdit[]): string {
  const [edit] = edits;
  expect(edits).toHaveLength(1);
  expect(edit).toMatchObject({ start: 0, end: leaf.text.length });
  return Buffer.from(edit?.replacement ?? "", "base64").toString("utf8");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

import { describe, expect, test } from "vitest";
import { answerHead, bytesOf, createDataPath, sent } from "../../golden/data-path.ts";
import { toolCall } from "../../support/messages.ts";

const SECRET = "Tr0ub4dor-3x!";
const MARK = "[REDACTED:password]";

async function resultOf(result: unknown) {
  const path = await createDataPath();
  const exchange = await sent(path, toolCall(1));
  exchange.responseHead(answerHead(200));
  const verdict = await exchange.response(bytesOf({ jsonrpc: "2.0", id: 1, result }));
  if (verdict.kind !== "forward") throw new Error("it was denied");
  const text = Buffer.from(verdict.body).toString("utf8");
  return { edits: path.decisions.at(-1)?.edits, ...(JSON.parse(text) as { result: unknown }) };
}

describe("a result with text and structured content", () => {
  test("has nowhere what a name made a secret in one of them", async () => {
    const structuredContent = { password: SECRET, note: `it is ${SECRET}` };
    const text = `You asked: ${SECRET}\nand again: ${SECRET}`;
    const { result, edits } = await resultOf({
      content: [{ type: "text", text }],
      structuredContent,
    });
    expect(result).toEqual({
      content: [{ type: "text", text: text.replaceAll(SECRET, MARK) }],
      structuredContent: { password: MARK, note: `it is ${MARK}` },
    });
    expect(edits).toContainEqual({
      pointer: "/result/structuredContent/note",
      rule: "firewall/alike",
      action: "redacted",
      length: SECRET.length,
    });
  });

  test("has it nowhere in JSON text either, where it is spelled with escapes", async () => {
    const secret = `Tr0ub"4dor\\3x!`;
    const structuredContent = { password: secret };
    const { result } = await resultOf({
      content: [{ type: "text", text: JSON.stringify({ word: secret }) }],
      structuredContent,
    });
    expect(JSON.stringify(result)).not.toContain("4dor");
  });

  test("keeps the same word where nothing named it", async () => {
    const given = {
      content: [{ type: "text", text: SECRET }],
      structuredContent: { note: "none" },
    };
    expect((await resultOf(given)).result).toEqual(given);
  });
});

test("a result of text alone is cleaned text by text", async () => {
  const content = [
    { type: "text", text: `password: ${SECRET}` },
    { type: "text", text: SECRET },
  ];
  const { result } = await resultOf({ content });
  expect(result).toEqual({ content: [{ type: "text", text: `password: ${MARK}` }, content[1]] });
});

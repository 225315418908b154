import { expect, test } from "vitest";
import type { Message } from "../../../src/core/message.ts";
import { bareMessage } from "../../../src/pipeline/layer2.ts";
import { spanRequestOf } from "../../../src/pipeline/tracing.ts";
import { CANARIES } from "../../support/canaries.ts";

const EVENTS = {
  events: { build: () => expect.fail(), subject: (id: string) => `hmac:${id.length}` },
};

function told(changes: Partial<Message>, sessionId: string | null = null) {
  const message = { ...bareMessage("request", "tools/call", 0), ...changes };
  return spanRequestOf([message], { sessionId }, EVENTS);
}

test.each([
  { title: "a short number", id: "7", shown: "7" },
  {
    title: "a UUID",
    id: '"2f1d5c1e-0f8a-4c6e-9a53-0d9b6f6f0a11"',
    shown: "2f1d5c1e-0f8a-4c6e-9a53-0d9b6f6f0a11",
  },
  { title: "the number of a card", id: CANARIES["card number"], shown: "hmac:16" },
  { title: "any other text", id: `"${CANARIES["access key"]}"`, shown: "hmac:22" },
  { title: "none", id: null, shown: null },
])("of an id, $title is shown as it may be", ({ id, shown }) => {
  expect(told({ id }).requestId).toBe(shown);
});

test.each([
  { title: "a name", tool: "read_file", shown: "read_file" },
  { title: "what looks like a token", tool: CANARIES["access key"], shown: null },
  { title: "words", tool: CANARIES["plain words"], shown: null },
  { title: "a path", tool: CANARIES["path under a root"], shown: null },
])("of a tool, $title is shown where it is one", ({ tool, shown }) => {
  expect(told({ tool }).tool).toBe(shown);
});

test("a session is a pseudonym", () => {
  expect(told({}, "a-session").sessionId).toBe("hmac:9");
  expect(told({}).sessionId).toBeNull();
});

test("of a body without messages nothing is told", () => {
  expect(spanRequestOf([], { sessionId: null }, EVENTS)).toEqual({
    ...{ method: null, tool: null, prompt: null, requestId: null },
    ...{ sessionId: null, revision: null, parent: null },
  });
});

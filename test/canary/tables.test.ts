import {
  ClientNotificationSchema,
  ClientRequestSchema,
  ClientResultSchema,
  ServerNotificationSchema,
  ServerRequestSchema,
  ServerResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { REVISIONS, tableOf } from "./tables.ts";

const SCHEMAS = {
  "client request": ClientRequestSchema,
  "client notification": ClientNotificationSchema,
  "client result": ClientResultSchema,
  "server request": ServerRequestSchema,
  "server notification": ServerNotificationSchema,
  "server result": ServerResultSchema,
} as const;

/** Open in the specification; the SDK reads them as a result without members. */
const CLOSED: ReadonlySet<string> = new Set(["Result", "GetTaskPayloadResult"]);

/** Derived tables rot unseen; the schemas that the SDK is written with do not. */
test("each example of 2025-11-25 is a message to the SDK", () => {
  const refused: string[] = [];
  for (const { type, from, kind, examples } of tableOf("2025-11-25").messages) {
    if (kind === "error" || CLOSED.has(type)) continue;
    const schema = SCHEMAS[`${from} ${kind}`];
    for (const [index, example] of examples.entries()) {
      const message = example as { readonly result?: unknown };
      if (!schema.safeParse(message.result ?? message).success) refused.push(`${type} ${index}`);
    }
  }
  expect(refused).toEqual([]);
});

test("the methods of 2025-11-25 are those of the SDK", () => {
  for (const side of ["client", "server"] as const) {
    for (const kind of ["request", "notification"] as const) {
      const known = SCHEMAS[`${side} ${kind}`].options.map(
        (option) => option.shape.method.value as string,
      );
      const listed = tableOf("2025-11-25")
        .messages.filter((message) => message.from === side && message.kind === kind)
        .map(({ method }) => method ?? "");
      expect(listed.sort(), `${side} ${kind}`).toEqual([...new Set(known)].sort());
    }
  }
});

test.each(REVISIONS)("the table of %s says what it was made from", (revision) => {
  const { source, messages } = tableOf(revision);
  expect(source).toEqual({
    repository: "modelcontextprotocol/modelcontextprotocol",
    path: `schema/${revision}/schema.json`,
    commit: expect.stringMatching(/^[0-9a-f]{40}$/),
  });
  expect(messages.filter(({ examples }) => examples.length === 0)).toEqual([]);
});

import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Message } from "../../../src/core/message.ts";
import { parseJson } from "../../../src/mcp/json/parse.ts";
import { removeMembers } from "../../../src/mcp/json/remove-members.ts";
import { applySplices } from "../../../src/mcp/json/splice.ts";
import { spliceText } from "../../../src/mcp/json/splice-text.ts";
import { canonicalId } from "../../../src/mcp/message/id.ts";
import { classifyLeaves } from "../../../src/mcp/message/leaves.ts";
import { type PendingRequest, readMessages } from "../../../src/mcp/message/read.ts";

const FOLDER = new URL("../../../../shared/corpora/traffic/", import.meta.url);
const LIMITS = { jsonMaxDepth: 64, jsonMaxNodes: 500_000, stringMaxLength: 16_777_216 };

interface Entry {
  readonly dir: "c2s" | "s2c";
  readonly kind: string;
  readonly exchange: number;
  readonly seq: number;
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

function entriesOf(file: string): Entry[] {
  const lines = readFileSync(new URL(file, FOLDER), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line): Entry => JSON.parse(line));
}

const isPresent = existsSync(FOLDER);
const files = isPresent ? readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl")) : [];

describe.skipIf(!isPresent)("recorded traffic (skipped where ../shared/corpora is absent)", () => {
  test.each(files)("%s reads without a fault, and comes through unedited", (file) => {
    const pending = new Map<string, PendingRequest>();
    let read = 0;
    for (const entry of entriesOf(file)) {
      // server-everything sends empty objects as events of a task: no message, and no client
      // takes them for one.
      if (!entry.body || entry.body === "{}") continue;
      for (const message of messagesOf(entry, pending)) expectPending(message, entry, pending);
      read += 1;
    }
    expect(read).toBeGreaterThan(10);
  });
});

function messagesOf(entry: Entry, pending: ReadonlyMap<string, PendingRequest>) {
  const bytes = Buffer.from(entry.body ?? "");
  const document = parseJson(bytes, LIMITS);
  if (!document.ok) throw new Error(`${entry.seq}: ${document.error.code}`);
  const splices = [...spliceText(document.value, []), ...removeMembers(document.value, [])];
  expect(applySplices(bytes, splices)).toBe(bytes);
  expect(classifyLeaves(document.value)).toHaveLength(document.value.leaves.length);

  const messages = readMessages(document.value, {
    direction: entry.dir === "c2s" ? "request" : "response",
    headerRevision: entry.headers?.["mcp-protocol-version"] ?? null,
    headers: new Map(Object.entries(entry.headers ?? {})),
    requestOf: (id) => pending.get(id),
  });
  if (!messages.ok) throw new Error(`${entry.seq}: ${JSON.stringify(messages.error)}`);
  return messages.value.messages;
}

/** What the client asks waits for its answer; every answer names what was asked. */
function expectPending(message: Message, entry: Entry, pending: Map<string, PendingRequest>): void {
  const { kind, id, method, tool, prompt, uri, cursor, revision } = message;
  if (entry.dir === "c2s" && kind === "request" && id !== null && method !== null) {
    pending.set(canonicalId(id), { method, tool, prompt, uri, cursor, revision });
  }
  if (kind === "result") expect(method).not.toBeNull();
}

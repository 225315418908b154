import { beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../scripts/positions/examples.ts";
import type { MessageType } from "../../scripts/positions/messages.ts";
import type { DataPath } from "../golden/data-path.ts";
import { isLeaked, PAYLOADS, plantsFor, WRAPPINGS } from "./plants.ts";
import {
  type Position,
  planted,
  pointerOf,
  positionsOf,
  REVISIONS,
  type TableRevision,
  tableOf,
} from "./tables.ts";
import { createCanaryPath, type Delivered, sentToClient, sentToServer } from "./wire.ts";

/**
 * In every position that the specification's schemas have, something is planted that must not get
 * to the other side: a secret, both ways; a path under a configured root, from the server; the
 * number of a payment card, where only a number can stand.
 */
let path: DataPath;
beforeAll(async () => {
  path = await createCanaryPath();
});

/** Of 2026-07-28, where a server asks nothing of a client, and so gets no answer. */
function isRefused({ from, kind }: MessageType, revision: TableRevision): boolean {
  return revision === "2026-07-28" && from === "client" && (kind === "result" || kind === "error");
}

/** Revisions that nobody can read are taken out of lists of them, and "text" is such a one. */
const UNREADABLE_VERSION = /("supported(?:Versions)?":)\["text"\]/g;

/** All that the other side gets, by each way there is. */
async function delivered(
  type: MessageType,
  message: Json,
  revision: TableRevision,
): Promise<readonly Delivered[]> {
  if (type.from === "client") return [await sentToServer(path, message, revision)];
  const event = await sentToClient(path, type, message, revision, "event");
  if (type.kind !== "result" && type.kind !== "error") return [event];
  return [event, await sentToClient(path, type, message, revision, "json")];
}

/** Each position of a message type once, in the first example that has it among these members. */
function* placesOf({ examples }: MessageType): Generator<[example: Json, position: Position]> {
  const seen = new Set<string>();
  for (const example of examples) {
    const positions = positionsOf(example);
    const siblings = Map.groupBy(positions, ({ path: steps }) => String(steps.slice(0, -1)));
    for (const position of positions) {
      const beside = siblings.get(String(position.path.slice(0, -1))) ?? [];
      const names = beside.map(({ path: steps, value }) => [steps.at(-1), value]);
      const place = JSON.stringify([position, names]);
      if (seen.has(place)) continue;
      seen.add(place);
      yield [example, position];
    }
  }
}

describe.each(REVISIONS)("in %s", (revision) => {
  const { messages } = tableOf(revision);

  test("every kind of message passes as it is, so that what is denied below is denied for its plant", async () => {
    const stopped: string[] = [];
    for (const type of messages.filter((one) => !isRefused(one, revision))) {
      for (const example of type.examples) {
        const outputs = await delivered(type, example, revision);
        const whole = JSON.stringify(example).replaceAll(UNREADABLE_VERSION, "$1[]");
        if (!outputs.every((output) => output?.includes(whole))) stopped.push(type.type);
      }
    }
    expect(stopped).toEqual([]);
  });

  test("no plant gets through, in any position", { timeout: 240_000 }, async () => {
    const escapes: string[] = [];
    let count = 0;
    for (const type of messages) {
      for (const [example, position] of placesOf(type)) {
        for (const plant of plantsFor(position, type.from)) {
          count += 1;
          const outputs = await delivered(type, planted(example, position, plant), revision);
          if (!outputs.some((output) => output !== null && isLeaked(output, String(plant))))
            continue;
          escapes.push(
            `${type.from} ${type.type} ${position.kind} ${pointerOf(position)}: ${plant}`,
          );
        }
      }
    }
    expect(escapes).toEqual([]);
    expect(count).toBeGreaterThan(LEAST_PLANTS[revision]);
  });

  test("no wrapping hides a secret, in a sample of the positions", {
    timeout: 120_000,
  }, async () => {
    const escapes: string[] = [];
    const wrappings = [...WRAPPINGS];
    for (const type of messages) {
      const texts = [...placesOf(type)].filter(([, { kind }]) => kind === "text");
      for (const [index, [example, position]] of texts.entries()) {
        // Each position gets one wrapping, so that each wrapping gets many positions.
        const [wrapping, text] = wrappings[index % wrappings.length] ?? ["", ""];
        const outputs = await delivered(type, planted(example, position, text), revision);
        const written = JSON.stringify(text).slice(1, -1);
        if (!outputs.some((output) => output?.includes(written))) continue;
        escapes.push(`${type.type} ${pointerOf(position)}: ${wrapping}`);
      }
    }
    expect(escapes).toEqual([]);
  });

  test("no payload hides a secret", async () => {
    const escapes: string[] = [];
    for (const [type, example, position] of payloadsOf(messages)) {
      for (const [payload, base64, mimeType] of typedPayloads()) {
        const typed = withType(planted(example, position, base64), position, mimeType);
        const outputs = await delivered(type, typed, revision);
        if (!outputs.some((output) => output?.includes(base64))) continue;
        escapes.push(`${type.type} ${pointerOf(position)} ${mimeType}: ${payload}`);
      }
    }
    expect(escapes).toEqual([]);
  });
});

function* payloadsOf(
  messages: readonly MessageType[],
): Generator<[type: MessageType, example: Json, position: Position]> {
  for (const type of messages) {
    for (const [example, position] of placesOf(type)) {
      if (isPayload(position)) yield [type, example, position];
    }
  }
}

function typedPayloads(): (readonly [name: string, base64: string, mimeType: string])[] {
  return ["image/png", "application/octet-stream"].flatMap((mimeType) =>
    [...PAYLOADS].map(([name, base64]) => [name, base64, mimeType] as const),
  );
}

/** How many there were when this was written; the tables must not shrink unseen. */
const LEAST_PLANTS = {
  "2025-03-26": 1_800,
  "2025-06-18": 2_400,
  "2025-11-25": 5_800,
  "2026-07-28": 6_800,
};

function isPayload({ kind, path: steps, value }: Position): boolean {
  return (
    kind === "text" && value === "aGVsbG8=" && (steps.at(-1) === "data" || steps.at(-1) === "blob")
  );
}

function withType(message: Json, { path: steps }: Position, mimeType: string): Json {
  const beside = { kind: "text", path: [...steps.slice(0, -1), "mimeType"], value: "" } as const;
  return planted(message, beside, mimeType);
}

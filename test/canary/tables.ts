import { readFileSync } from "node:fs";
import type { Json } from "../../scripts/positions/examples.ts";
import type { MessageType } from "../../scripts/positions/messages.ts";

export const REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] as const;
export type TableRevision = (typeof REVISIONS)[number];

export interface Table {
  readonly source: { readonly repository: string; readonly path: string; readonly commit: string };
  readonly revision: TableRevision;
  readonly messages: readonly MessageType[];
}

/** The messages of one revision, as `scripts/spec-positions.ts` derived them from its schema. */
export function tableOf(revision: TableRevision): Table {
  const file = new URL(`positions/${revision}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Table;
}

export type Step = string | number;

/** One place in a message where a peer's own characters can stand. */
export interface Position {
  readonly kind: "text" | "number" | "key";
  readonly path: readonly Step[];
  /** What stands there. */
  readonly value: string | number;
}

/** Members of the envelope itself say what a message is; they are planted in all the same. */
export function positionsOf(message: Json, path: readonly Step[] = []): readonly Position[] {
  if (typeof message === "string") return [{ kind: "text", path, value: message }];
  if (typeof message === "number") return [{ kind: "number", path, value: message }];
  if (message === null || typeof message === "boolean") return [];
  if (isList(message)) return message.flatMap((item, index) => positionsOf(item, [...path, index]));
  return Object.entries(message).flatMap(([key, value]) => [
    { kind: "key" as const, path: [...path, key], value: key },
    ...positionsOf(value, [...path, key]),
  ]);
}

/** The message with something else at one position. */
export function planted(message: Json, position: Position, plant: Json): Json {
  return changed(message, position.path, position.kind === "key", plant);
}

function changed(node: Json, path: readonly Step[], isKey: boolean, plant: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return plant;
  if (isList(node)) {
    return node.map((item, index) => (index === step ? changed(item, rest, isKey, plant) : item));
  }
  if (node === null || typeof node !== "object") throw new Error("a step leads nowhere");
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (key !== step) return [key, value];
      if (isKey && rest.length === 0) return [String(plant), value];
      return [key, changed(value, rest, isKey, plant)];
    }),
  );
}

function isList(node: Json): node is readonly Json[] {
  return Array.isArray(node);
}

export function pointerOf({ path }: Position): string {
  return path
    .map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

import { Document, isMap, parseDocument, Scalar } from "yaml";
import type { Risk, SideEffect } from "../core/inventory.ts";
import { showUnseen } from "../core/unseen.ts";
import type { HashDefinition } from "./inventory-file.ts";

/** One tool to be pinned. */
export interface Pin {
  readonly server: string;
  readonly tool: string;
  readonly hash: string;
  /** Canonical JSON text. */
  readonly definition: string;
  /** What is noted where nobody noted anything: guesses, and marked as such. */
  readonly guess: {
    readonly risk: Risk | null;
    readonly sideEffects: readonly SideEffect[] | null;
  };
}

const HEADER = ` Tools as they were reviewed: impedance tools pin writes hash and definition, people
 the rest. docs/inventory.md explains it.
 yaml-language-server: $schema=https://impedance.dev/schemas/inventory.json`;

/** Long lines stay one: a diff then shows which text changed. */
const STYLE = { lineWidth: 0 } as const;

/**
 * The text of an inventory with tools pinned, everything else in it as it was: comments, order,
 * what people noted. `text` has been read by `decodeInventory`; null makes a new one.
 */
export function writePins(
  text: string | null,
  pins: readonly Pin[],
  hashOf: HashDefinition,
): string {
  const document = text === null ? new Document({ version: 1 }) : parseDocument(text);
  if (text === null) document.commentBefore = HEADER;
  for (const pin of pins) writePin(document, pin, hashOf);
  return document.toString(STYLE);
}

function writePin(document: Document, pin: Pin, hashOf: HashDefinition): void {
  const { server, tool, hash, definition, guess } = pin;
  const path = ["servers", server, "tools", tool];
  for (let depth = 1; depth <= path.length; depth++) ensureMap(document, path.slice(0, depth));
  document.setIn([...path, "hash"], hash);
  const isNoted = document.hasIn([...path, "risk"]) || document.hasIn([...path, "side_effects"]);
  if (!isNoted && (guess.risk !== null || guess.sideEffects !== null)) {
    if (guess.risk !== null) document.setIn([...path, "risk"], guess.risk);
    if (guess.sideEffects !== null) {
      const list = document.createNode(guess.sideEffects, { flow: true });
      document.setIn([...path, "side_effects"], list);
    }
    document.setIn([...path, "guessed"], true);
  }
  document.deleteIn([...path, "definition"]);
  document.setIn([...path, "definition"], definitionNode(document, definition, hashOf));
}

function ensureMap(document: Document, path: readonly string[]): void {
  if (!isMap(document.getIn(path, true))) document.setIn(path, document.createNode({}));
}

/** As YAML, to be read; as JSON with escapes where that would hide something or lose it. */
function definitionNode(document: Document, definition: string, hashOf: HashDefinition): unknown {
  const value: unknown = JSON.parse(definition);
  const shown = showUnseen(definition, escaped);
  const isSeen = shown === definition && !hasEscapes(definition);
  if (isSeen && survives(value, definition, hashOf)) return document.createNode(inOrder(value));
  const scalar = new Scalar(shown);
  scalar.type = Scalar.QUOTE_SINGLE;
  return scalar;
}

/** Of what is not seen, canonical JSON escapes the control characters and lone surrogates itself. */
function hasEscapes(definition: string): boolean {
  return /(?<!\\)(?:\\\\)*\\[ubfr]/.test(definition);
}

const FIRST = ["name", "title", "description", "annotations", "inputSchema", "outputSchema"];

/** What a person looks for comes first. */
function inOrder(definition: unknown): unknown {
  const members = new Map(Object.entries(definition ?? {}));
  const keys = [...FIRST.filter((key) => members.has(key)), ...members.keys()];
  return new Map([...new Set(keys)].map((key) => [key, members.get(key)]));
}

function survives(value: unknown, definition: string, hashOf: HashDefinition): boolean {
  const back = parseDocument(new Document(value).toString(STYLE));
  return back.errors.length === 0 && hashOf(back.toJS())?.text === definition;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

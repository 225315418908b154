import { type JsonNode, type Location, pointerOf } from "../core/json.ts";
import type { Json } from "../core/policy.ts";
import { nullPrototype } from "./json.ts";

/** What a policy may look at of the arguments: they are facts, not a body. */
export interface ArgumentFacts {
  readonly arguments: { readonly [name: string]: Json };
  /** JSON Pointers, in the message, of what is left out. */
  readonly truncated: readonly string[];
}

const STRING_MAX_BYTES = 256;
const STRINGS_MAX_BYTES = 1024;
const NODES_MAX = 256;
const DEPTH_MAX = 8;
const TRUNCATED_MAX = 64;

const ARGUMENTS: Location = { parent: { parent: null, key: "params" }, key: "arguments" };
const AT = pointerOf(ARGUMENTS);

const NO_ARGUMENTS: ArgumentFacts = {
  arguments: Object.freeze(nullPrototype([])),
  truncated: [],
};

/**
 * The arguments within bounds; what is over one is `{"$bytes": n}`, and named in `truncated`. When
 * more is left out than can be named, `truncated` names the arguments as a whole.
 */
export function argumentFacts(
  node: JsonNode | undefined,
  shown: (text: string) => string = asItIs,
): ArgumentFacts {
  if (node === undefined) return NO_ARGUMENTS;
  if (node.kind !== "object") return { arguments: NO_ARGUMENTS.arguments, truncated: [AT] };
  const copy: Copy = { bytes: STRINGS_MAX_BYTES, nodes: NODES_MAX, truncated: [], shown };
  const entries: [string, Json][] = [];
  for (const { key, value } of node.members) {
    if (!spend(copy, key.value)) {
      copy.truncated.push(AT);
      break;
    }
    const at = { parent: ARGUMENTS, key: key.value };
    entries.push([key.value, copyOf(value, at, 1, copy)]);
  }
  const { truncated } = copy;
  return {
    arguments: nullPrototype(entries),
    truncated: truncated.length > TRUNCATED_MAX ? [AT] : truncated,
  };
}

function asItIs(text: string): string {
  return text;
}

/** What is left of the bounds. */
interface Copy {
  bytes: number;
  nodes: number;
  readonly truncated: string[];
  readonly shown: (text: string) => string;
}

function copyOf(node: JsonNode, at: Location, depth: number, copy: Copy): Json {
  if (--copy.nodes < 0 || depth > DEPTH_MAX) return leaveOut(node, at, copy);
  switch (node.kind) {
    case "literal":
      return node.value;
    case "number":
      return isExact(node.text) ? Number(node.text) : leaveOut(node, at, copy);
    case "string": {
      const text = node.value.length > STRING_MAX_BYTES ? node.value : copy.shown(node.value);
      return spend(copy, text) ? text : leaveOut(node, at, copy);
    }
    case "array":
      if (node.items.length > copy.nodes) return leaveOut(node, at, copy);
      return node.items.map((item, index) =>
        copyOf(item, { parent: at, key: index }, depth + 1, copy),
      );
    case "object": {
      const { members } = node;
      const fits =
        members.length <= copy.nodes && members.every(({ key }) => spend(copy, key.value));
      if (!fits) return leaveOut(node, at, copy);
      return nullPrototype(
        members.map(({ key: { value: key }, value }) => [
          key,
          copyOf(value, { parent: at, key }, depth + 1, copy),
        ]),
      );
    }
    default:
      return node satisfies never;
  }
}

/** Half a surrogate pair is no text to the policy: it would end its evaluation. */
function spend(copy: Copy, text: string): boolean {
  if (text.length > STRING_MAX_BYTES || !text.isWellFormed()) return false;
  const bytes = Buffer.byteLength(text);
  if (bytes > STRING_MAX_BYTES || bytes > copy.bytes) return false;
  copy.bytes -= bytes;
  return true;
}

function leaveOut(node: JsonNode, at: Location, copy: Copy): Json {
  copy.truncated.push(pointerOf(at).toWellFormed());
  const bytes = node.kind === "string" ? Buffer.byteLength(node.value) : node.end - node.start;
  return { $bytes: bytes };
}

/** A number that the policy would read as another one is left out. */
function isExact(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

import type { JsonNode } from "./json.ts";
import { assertNever } from "./result.ts";

/**
 * The same text for the same value, however it was spelled (RFC 8785): members in the order of
 * their keys' UTF-16 units, no white space, numbers as ECMAScript writes them. Two values that the
 * RFC refuses have a text of their own, so that two different ones stay two: an integer that a
 * double cannot hold keeps its digits, and a lone surrogate is written as its escape. Null when the
 * text would be longer than `maxLength`.
 */
export function canonicalJson(node: JsonNode, maxLength: number): string | null {
  const parts: string[] = [];
  let length = 0;
  const write = (part: string): boolean => {
    length += part.length;
    parts.push(part);
    return length <= maxLength;
  };
  return writeNode(node, write) ? parts.join("") : null;
}

/** False as soon as a write fails. */
type Write = (part: string) => boolean;

function writeNode(node: JsonNode, write: Write): boolean {
  switch (node.kind) {
    case "literal":
      return write(String(node.value));
    case "number":
      return write(canonicalNumber(node.text));
    case "string":
      return write(JSON.stringify(node.value));
    case "array":
      return writeAll(node.items, write, "[", (item) => writeNode(item, write), "]");
    case "object": {
      const members = node.members.toSorted((a, b) => (a.key.value < b.key.value ? -1 : 1));
      const each = ({ key, value }: (typeof members)[number]) =>
        write(`${JSON.stringify(key.value)}:`) && writeNode(value, write);
      return writeAll(members, write, "{", each, "}");
    }
    default:
      return assertNever(node);
  }
}

function writeAll<Item>(
  items: readonly Item[],
  write: Write,
  open: string,
  each: (item: Item) => boolean,
  close: string,
): boolean {
  if (!write(open)) return false;
  for (const [index, item] of items.entries()) {
    if (index > 0 && !write(",")) return false;
    if (!each(item)) return false;
  }
  return write(close);
}

const INTEGER = /^-?\d+$/;

function canonicalNumber(text: string): string {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  const isExact =
    Number.isSafeInteger(number) || !INTEGER.test(text) || BigInt(text) === BigInt(number);
  return isExact ? JSON.stringify(number) : text;
}

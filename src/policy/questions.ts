import { isRecord } from "./json.ts";
import { type BuildFacts, createReadTree, type ReadTree } from "./reads.ts";

/**
 * What a policy is asked about an input: what it reads of it. A number that it only compares is told
 * as another between the same constants, whose answer is the same. Both throw for what JSON cannot
 * say.
 */
export interface Questions {
  /** Tells a question from every other, and costs a part of what its text does. */
  keyOf(input: unknown): string;
  /** As JSON. */
  textOf(input: unknown): string;
}

export function createQuestions(
  facts: Pick<BuildFacts, "reads" | "compared">,
  likeOf: (value: number) => number,
): Questions {
  const tree = createReadTree(facts);
  if (tree === null) return { keyOf: textOf, textOf };
  const keys = new Keys(likeOf);
  return {
    keyOf(input) {
      const key = keys.of(input, tree, false);
      // On its way into a digest, half a surrogate pair would become what all of them become. JSON
      // writes it out, and begins as no key does.
      return key.isWellFormed() ? key : textOf(select(input, tree, likeOf));
    },
    textOf: (input) => textOf(select(input, tree, likeOf)),
  };
}

function textOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError("this is no JSON");
  return text;
}

/**
 * Writes values one after the other, so that where one ends no other reading can be: a text comes
 * with its length, a number with a mark behind it. What a policy reads stands always in the same
 * order, so that no name of a member is told.
 */
class Keys {
  readonly #likeOf: (value: number) => number;
  /** Of objects that cannot change. */
  readonly #lasting = new WeakMap<object, string>();

  constructor(likeOf: (value: number) => number) {
    this.#likeOf = likeOf;
  }

  of(value: unknown, below: ReadTree, isCompared: boolean): string {
    switch (typeof value) {
      case "string":
        return `${value.length}:${value}`;
      case "number":
        return `n${isCompared ? this.#likeOf(value) : value};`;
      case "boolean":
        return value ? "t" : "f";
      case "undefined":
        return "u";
      default:
        break;
    }
    if (value === null) return "z";
    if (Array.isArray(value)) return this.#ofItems(value);
    return below === null ? this.#ofWhole(value) : this.#ofMembers(value, below);
  }

  #ofItems(items: readonly unknown[]): string {
    if (items.length === 0) return "[]";
    let key = "[";
    for (const item of items) key += this.of(item, null, false);
    return `${key}]`;
  }

  #ofMembers(value: unknown, tree: Exclude<ReadTree, null>): string {
    if (!isRecord(value)) return this.#ofWhole(value);
    let key = "{";
    for (const { key: name, below, compared } of tree) {
      key += this.of(value[name], below, compared);
    }
    return `${key}}`;
  }

  /** What is frozen was made to last, such as what is said of a rule that fits. */
  #ofWhole(value: unknown): string {
    if (!isRecord(value)) return keyOfJson(value);
    const known = this.#lasting.get(value);
    if (known !== undefined) return known;
    const key = keyOfJson(value);
    if (Object.isFrozen(value)) this.#lasting.set(value, key);
    return key;
  }
}

/** What JSON leaves out, such as a function, is nothing. */
function keyOfJson(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return `j${text.length}:${text}`;
}

function select(
  value: unknown,
  tree: Exclude<ReadTree, null>,
  likeOf: (value: number) => number,
): unknown {
  if (!isRecord(value)) return value;
  const selected: { [key: string]: unknown } = {};
  for (const { key, below, compared } of tree) {
    const member = value[key];
    if (below !== null) selected[key] = select(member, below, likeOf);
    else selected[key] = compared && typeof member === "number" ? likeOf(member) : member;
  }
  return selected;
}

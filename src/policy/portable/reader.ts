import { isMap, isNode, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";
import { suggest } from "../../core/suggest.ts";
import type { PolicyFileError, Scalar } from "./policy.ts";

/** A value in the document, and where it stands. */
export interface Place {
  readonly node: Node | null;
  /** Offset in the text, for a value that is not there. */
  readonly offset: number;
  /** `allow_rules[2].roles` */
  readonly path: string;
}

/**
 * Reads values out of a YAML document and collects every mistake in it. A reader returns null for
 * what is not as it should be; the mistake is noted then.
 */
export interface Reader {
  readonly errors: readonly PolicyFileError[];
  mistake(place: Place, message: string): void;
  /** The members of a mapping; a key outside `known` is a mistake. */
  mapping(place: Place, known: readonly string[]): ReadonlyMap<string, Place>;
  /** The members of a mapping whose keys are names of the author's. */
  namedMapping(place: Place): ReadonlyMap<string, Place>;
  isMapping(place: Place): boolean;
  sequence(place: Place): readonly Place[];
  text(place: Place): string | null;
  boolean(place: Place): boolean | null;
  number(place: Place): number | null;
  /** A whole number from 0. */
  size(place: Place): number | null;
  scalar(place: Place): Scalar | undefined;
  choice<Choice extends string>(place: Place, choices: readonly Choice[]): Choice | null;
}

const ERRORS_MAX = 100;
const TEXT_MAX_LENGTH = 1024;

type Mistake = Reader["mistake"];

export function createReader(file: string, lines: LineCounter): Reader {
  const errors: PolicyFileError[] = [];

  function mistake({ node, offset, path }: Place, message: string): void {
    if (errors.length >= ERRORS_MAX) return;
    const { line, col } = lines.linePos(node?.range?.[0] ?? offset);
    errors.push({ file, line: Math.max(1, line), column: Math.max(1, col), path, message });
  }
  return { errors, mistake, ...readContainers(mistake), ...readValues(mistake) };
}

function readContainers(
  mistake: Mistake,
): Pick<Reader, "mapping" | "namedMapping" | "isMapping" | "sequence"> {
  function namedMapping(place: Place): ReadonlyMap<string, Place> {
    if (isMap(place.node)) {
      return new Map(place.node.items.map((pair) => memberOf(pair, place)));
    }
    mistake(place, "this should be a mapping (key: value)");
    return new Map();
  }

  function mapping(place: Place, known: readonly string[]): ReadonlyMap<string, Place> {
    const found = namedMapping(place);
    for (const [name, { offset, path }] of found) {
      if (known.includes(name)) continue;
      const near = suggest(name, known);
      const hint = near === null ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
      mistake({ node: null, offset, path }, `there is no such key: ${hint}`);
    }
    return found;
  }

  function sequence(place: Place): readonly Place[] {
    if (!isSeq(place.node)) {
      mistake(place, "this should be a list");
      return [];
    }
    return place.node.items.map((item, index) => {
      const node = isNode(item) ? item : null;
      const offset = node?.range?.[0] ?? place.offset;
      return { node, offset, path: `${place.path}[${index}]` };
    });
  }
  const isMapping = ({ node }: Place): boolean => isMap(node);
  return { mapping, namedMapping, isMapping, sequence };
}

function memberOf({ key, value }: Pair, parent: Place): readonly [string, Place] {
  const name = isScalar(key) ? String(key.value) : "";
  const offset = isNode(key) ? (key.range?.[0] ?? parent.offset) : parent.offset;
  const path = parent.path === "" ? name : `${parent.path}.${name}`;
  return [name, { node: isNode(value) ? value : null, offset, path }];
}

function readValues(
  mistake: Mistake,
): Pick<Reader, "text" | "boolean" | "number" | "size" | "scalar" | "choice"> {
  function text(place: Place): string | null {
    const value = scalarOf(place);
    if (typeof value === "string" && value !== "" && value.length <= TEXT_MAX_LENGTH) return value;
    const quotes = typeof value === "number" || typeof value === "boolean" ? ", in quotes" : "";
    mistake(place, `this should be a text of 1 to ${TEXT_MAX_LENGTH} characters${quotes}`);
    return null;
  }

  function boolean(place: Place): boolean | null {
    const value = scalarOf(place);
    if (typeof value === "boolean") return value;
    mistake(place, "this should be true or false");
    return null;
  }

  function number(place: Place): number | null {
    const value = scalarOf(place);
    if (typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
    mistake(place, "this should be a number");
    return null;
  }

  function size(place: Place): number | null {
    const value = scalarOf(place);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    mistake(place, "this should be a whole number, 0 or more");
    return null;
  }

  function scalar(place: Place): Scalar | undefined {
    const value = scalarOf(place);
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
    mistake(place, "this should be a single value");
    return undefined;
  }

  function choice<Choice extends string>(place: Place, choices: readonly Choice[]): Choice | null {
    const value = scalarOf(place);
    const chosen = choices.find((one) => one === value);
    if (chosen !== undefined) return chosen;
    const near = typeof value === "string" ? suggest(value, choices) : null;
    const hint = near === null ? "" : ` (did you mean ${near}?)`;
    mistake(place, `this should be one of ${choices.join(", ")}${hint}`);
    return null;
  }
  return { text, boolean, number, size, scalar, choice };
}

/** A scalar's value; undefined for anything else. */
function scalarOf({ node }: Place): unknown {
  return isScalar(node) ? node.value : undefined;
}

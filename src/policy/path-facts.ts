import { type JsonNode, type Location, member, pointerOf, stringMember } from "../core/json.ts";
import { isPathKey } from "../core/path-keys.ts";
import type { PathFact } from "../core/policy.ts";
import { hasDotSegment, judgePath, type Root } from "./paths.ts";

/** The path-valued arguments of a message. */
export interface PathFacts {
  /** The bad ones first; no more than a policy can look at. */
  readonly paths: readonly PathFact[];
  /** Paths under no root that are absolute, or relative with a `..`; null where no root is configured. */
  readonly rawPaths: number | null;
}

const FACTS_MAX = 64;

const FILE_URI = /^\s*file:/i;

/** Judges every path in the parameters of a request: by its key, or because it is a `file:` URI. */
export function pathFacts(params: JsonNode | undefined, roots: readonly Root[]): PathFacts {
  if (params === undefined) return roots.length === 0 ? NO_PATHS : NO_RAW_PATHS;
  const found: PathFact[] = [];
  let raw = 0;
  visitParameters(params, (text, name, location) => {
    if (!FILE_URI.test(text) && !isPathKey(name)) return;
    const path = text.trim();
    const { absolute, traversal, sensitive, root, ext } = judgePath(path, roots);
    // Where a relative path starts is the server's secret: it may stay below there, and no more.
    if (roots.length > 0 && root === null && (absolute || hasDotSegment(path))) raw += 1;
    found.push({ at: pointerOf(location).toWellFormed(), traversal, sensitive, root, ext });
  });

  const uri = stringMember(params, "uri") ?? stringMember(member(params, "ref"), "uri");
  if (uri !== undefined && !FILE_URI.test(uri) && hasDotSegment(uri)) found.push(CLIMBING_URI);

  if (found.length === 0) return roots.length === 0 ? NO_PATHS : NO_RAW_PATHS;
  const isBad = (fact: PathFact) => fact.traversal || fact.sensitive;
  const paths = [...found.filter(isBad), ...found.filter((fact) => !isBad(fact))];
  return { paths: paths.slice(0, FACTS_MAX), rawPaths: roots.length === 0 ? null : raw };
}

const NO_PATHS: PathFacts = { paths: [], rawPaths: null };
const NO_RAW_PATHS: PathFacts = { paths: [], rawPaths: 0 };

const PARAMS: Location = { parent: null, key: "params" };
const CLIMBING_URI: PathFact = {
  at: "/params/uri",
  root: null,
  ext: null,
  traversal: true,
  sensitive: false,
};

type Visit = (text: string, name: string | null, location: Location) => void;

/** Every string of a request's parameters, with the key it stands under. */
export function visitParameters(params: JsonNode | undefined, visit: Visit): void {
  visitStrings(params, PARAMS, null, visit);
}

/** Every string value with the nearest key above it. The protocol's own `_meta` is left out. */
function visitStrings(
  node: JsonNode | undefined,
  location: Location,
  name: string | null,
  visit: Visit,
): void {
  if (node?.kind === "string") {
    visit(node.value, name, location);
  } else if (node?.kind === "array") {
    for (const [index, item] of node.items.entries()) {
      visitStrings(item, { parent: location, key: index }, name, visit);
    }
  } else if (node?.kind === "object") {
    for (const { key, value } of node.members) {
      if (location === PARAMS && key.value === "_meta") continue;
      visitStrings(value, { parent: location, key: key.value }, key.value, visit);
    }
  }
}

import type { JsonRecord } from "./json.ts";
import { isRecord } from "./json.ts";

/**
 * Which parts of the input a compiled policy can read: paths of member names, everything below the
 * last one included. Null: all of it.
 */
export type Reads = readonly (readonly string[])[] | null;

/** What a bundle's manifest says under `metadata.impedance`. */
export interface BuildFacts {
  /** `sha256:…` of the policy.wasm that was built together with all this. */
  readonly wasm: string;
  readonly reads: Reads;
}

const PATHS_MAX = 1024;
const STEPS_MAX = 16;

/** Null for a manifest that says nothing; undefined for one that says what it cannot mean. */
export function buildFactsOf(manifest: JsonRecord): BuildFacts | null | undefined {
  const metadata = manifest.metadata;
  const said = isRecord(metadata) ? metadata.impedance : undefined;
  if (said === undefined) return null;
  if (!isRecord(said) || typeof said.wasm !== "string") return undefined;
  const { wasm, reads } = said;
  if (reads === null) return { wasm, reads };
  return isReads(reads) ? { wasm, reads } : undefined;
}

function isReads(value: unknown): value is readonly (readonly string[])[] {
  return (
    Array.isArray(value) &&
    value.length <= PATHS_MAX &&
    value.every(
      (path: unknown) =>
        Array.isArray(path) &&
        path.length <= STEPS_MAX &&
        path.every((step) => typeof step === "string"),
    )
  );
}

/** Whether a policy that reads no more than `reads` can see what stands at a path of the input. */
export function canRead(reads: Reads, path: readonly string[]): boolean {
  if (reads === null) return true;
  return reads.some((read) =>
    read.every((step, at) => step === path[at] || at >= path.length || step === PROTOTYPE),
  );
}

/** What a policy that reads no more than `reads` has to be given of an input. */
export function createSelection(reads: Reads): (input: unknown) => unknown {
  const tree = treeOf(reads);
  return tree === null ? (input) => input : (input) => select(input, tree);
}

/** The members of an object that are read; null below one that is read whole. */
type Tree = readonly Branch[] | null;

interface Branch {
  readonly key: string;
  readonly below: Tree;
}

function treeOf(reads: Reads): Tree {
  // FAIL CLOSED: what is left out is undefined to a rule that denies, so in doubt nothing is. The
  // name that no plain object can have as a member is read with all that stands beside it.
  if (reads === null || reads.some(([first]) => first === undefined || first === PROTOTYPE)) {
    return null;
  }
  const keys = [...new Set(reads.map(([first = ""]) => first))].sort();
  return keys.map((key) => ({
    key,
    below: treeOf(reads.filter(([first]) => first === key).map(([, ...rest]) => rest)),
  }));
}

const PROTOTYPE = "__proto__";

function select(value: unknown, tree: readonly Branch[]): unknown {
  if (!isRecord(value)) return value;
  const selected: { [key: string]: unknown } = {};
  for (const { key, below } of tree) {
    const member = value[key];
    selected[key] = below === null ? member : select(member, below);
  }
  return selected;
}

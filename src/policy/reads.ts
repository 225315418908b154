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
  /** Of these, what is only compared with `numbers` and with numbers of the data. */
  readonly compared: readonly (readonly string[])[];
  readonly numbers: readonly number[];
}

/** Of a manifest; what says more is none. */
export const NUMBERS_MAX = 1024;
export const PATHS_MAX = 1024;
const STEPS_MAX = 16;

/** Null for a manifest that says nothing; undefined for one that says what it cannot mean. */
export function buildFactsOf(manifest: JsonRecord): BuildFacts | null | undefined {
  const metadata = manifest.metadata;
  const said = isRecord(metadata) ? metadata.impedance : undefined;
  if (said === undefined) return null;
  if (!isRecord(said) || typeof said.wasm !== "string") return undefined;
  const { wasm, reads, compared = [], numbers = [] } = said;
  if (!isNumbers(numbers) || !isPaths(compared)) return undefined;
  return reads === null || isPaths(reads) ? { wasm, reads, compared, numbers } : undefined;
}

function isNumbers(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length <= NUMBERS_MAX &&
    value.every((one) => Number.isFinite(one))
  );
}

function isPaths(value: unknown): value is readonly (readonly string[])[] {
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

/** The members of an object that are read; null below one that is read whole. */
export type ReadTree = readonly Branch[] | null;

export interface Branch {
  readonly key: string;
  readonly below: ReadTree;
  /** Only compared, if it is a number. */
  readonly compared: boolean;
}

/** What a policy that reads no more than `facts` say has to be given of an input. */
export function createReadTree({
  reads,
  compared,
}: Pick<BuildFacts, "reads" | "compared">): ReadTree {
  const tree = treeOf(reads);
  if (tree === null) return null;
  const isCompared = new Set(compared.map((path) => JSON.stringify(path)));
  return grow(tree, [], (path) => isCompared.has(JSON.stringify(path)));
}

function grow(
  tree: readonly Branch[],
  path: readonly string[],
  isCompared: (path: readonly string[]) => boolean,
): readonly Branch[] {
  return tree.map(({ key, below }) => {
    const here = [...path, key];
    const deeper = below === null ? null : grow(below, here, isCompared);
    return { key, below: deeper, compared: below === null && isCompared(here) };
  });
}

function treeOf(reads: Reads): ReadTree {
  // FAIL CLOSED: what is left out is undefined to a rule that denies, so in doubt nothing is. The
  // name that no plain object can have as a member is read with all that stands beside it.
  if (reads === null || reads.some(([first]) => first === undefined || first === PROTOTYPE)) {
    return null;
  }
  const keys = [...new Set(reads.map(([first = ""]) => first))].sort();
  return keys.map((key) => ({
    key,
    below: treeOf(reads.filter(([first]) => first === key).map(([, ...rest]) => rest)),
    compared: false,
  }));
}

const PROTOTYPE = "__proto__";

import type { Json } from "../core/policy.ts";
import { firstIndex } from "../core/search.ts";
import { isRecord } from "./json.ts";

/**
 * Tells a number by another that stands between the same `constants`, always the same one. To who
 * only compares it with these (`<`, `<=`, `>`, `>=`), the two are alike. What is no number in JSON
 * stays what it is.
 */
export function createBands(constants: Iterable<number>): (value: number) => number {
  const edges = [...new Set(constants)].filter(Number.isFinite).sort((a, b) => a - b);
  return (value) => {
    if (!Number.isFinite(value)) return value;
    const at = firstIndex(edges, (edge) => edge >= value);
    const [below, above] = [edges[at - 1], edges[at]];
    if (above === value) return value;
    const like = between(below, above);
    // Two constants may be neighbours, with nothing of a double's precision in their middle.
    const isBetween = (below ?? -Infinity) < like && like < (above ?? Infinity);
    return isBetween ? like : value;
  };
}

/** A whole number where there is one: others are compared by a long way. */
function between(below: number | undefined, above: number | undefined): number {
  if (below === undefined) return above === undefined ? 0 : Math.ceil(above) - 1;
  if (above === undefined) return Math.floor(below) + 1;
  const middle = below + (above - below) / 2;
  const whole = Math.floor(middle);
  return below < whole ? whole : middle;
}

/** Every number in a document, wherever it stands. */
export function numbersIn(value: Json): readonly number[] {
  if (typeof value === "number") return [value];
  if (Array.isArray(value)) return value.flatMap(numbersIn);
  return isRecord(value) ? Object.values(value).flatMap((one) => numbersIn(one as Json)) : [];
}

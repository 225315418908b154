import type { NumberFormat } from "../number-format.ts";

interface NationalId extends Omit<NumberFormat, "kind" | "examples"> {
  readonly match: readonly string[];
  readonly noMatch: readonly string[];
}

/** A number that a state gives to a person. */
export function nationalId({ match, noMatch, ...format }: NationalId): NumberFormat {
  return { ...format, kind: "national_id", examples: { match, noMatch } };
}

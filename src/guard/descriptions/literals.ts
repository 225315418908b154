import { RULES } from "./rules.ts";

/** The words that rules ask for by themselves. */
export const LITERALS: ReadonlySet<string> = new Set(
  RULES.flatMap(({ steps }) => steps.flatMap(({ words }) => [...words])),
);

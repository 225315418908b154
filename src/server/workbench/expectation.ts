import { isDeepStrictEqual } from "node:util";
import type { Direction } from "../../core/message.ts";
import { type Expectation, enveloped } from "./table.ts";
import type { Outcome } from "./trial.ts";

/** One thing that is not as expected. */
export interface Difference {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Where an outcome is not as expected; empty when the test passes. */
export function differencesOf(
  expect: Expectation,
  outcome: Outcome,
  direction: Direction,
): readonly Difference[] {
  const [first] = outcome.reasons;
  const found = (
    [
      ["allow", outcome.allow],
      ["code", first?.code ?? null],
      ["codes", outcome.reasons.map(({ code }) => code)],
      ["shadow", outcome.shadow.map(({ code }) => code)],
      ["rule", first?.rule ?? null],
      ["reason", first?.message ?? null],
    ] as const
  ).flatMap(([what, actual]) => {
    const expected = expect[what];
    if (expected === undefined || isDeepStrictEqual(expected, actual)) return [];
    return [{ what, expected, actual }];
  });
  return [
    ...found,
    ...messageDifferences(expect, outcome, direction),
    ...textDifferences(expect, outcome.cleaned ?? ""),
    ...findingDifferences(expect.findings, outcome),
  ];
}

function messageDifferences(
  { message }: Expectation,
  { cleaned }: Outcome,
  direction: Direction,
): readonly Difference[] {
  if (message === undefined) return [];
  const actual: unknown = cleaned === null ? null : JSON.parse(cleaned);
  const expected = enveloped(message, direction);
  return isDeepStrictEqual(expected, actual) ? [] : [{ what: "message", expected, actual }];
}

function textDifferences(expect: Expectation, cleaned: string): readonly Difference[] {
  const missing = listOf(expect.contains).filter((text) => !holds(cleaned, text));
  const present = listOf(expect.not_contains).filter((text) => holds(cleaned, text));
  return [
    ...missing.map((expected) => ({ what: "contains", expected, actual: cleaned })),
    ...present.map((expected) => ({ what: "not_contains", expected, actual: cleaned })),
  ];
}

/** As it stands in JSON, too: a quotation mark is written with a backslash there. */
function holds(cleaned: string, text: string): boolean {
  return cleaned.includes(text) || cleaned.includes(JSON.stringify(text).slice(1, -1));
}

function listOf(texts: string | readonly string[] | undefined): readonly string[] {
  if (texts === undefined) return [];
  return typeof texts === "string" ? [texts] : texts;
}

function findingDifferences(
  expected: Expectation["findings"],
  { findings }: Outcome,
): readonly Difference[] {
  if (expected === undefined) return [];
  const actual = findings.map(({ guard, kind, at, action }) => ({ guard, kind, at, action }));
  const isThere = (wanted: { readonly [field: string]: string }) =>
    actual.some((one) =>
      Object.entries(wanted).every(([key, value]) => Reflect.get(one, key) === value),
    );
  const isAsExpected = expected.length === 0 ? actual.length === 0 : expected.every(isThere);
  return isAsExpected ? [] : [{ what: "findings", expected, actual }];
}

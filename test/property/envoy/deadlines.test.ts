import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AbortCause } from "../../../src/core/exchange.ts";
import { createDeadlines } from "../../../src/envoy/deadlines.ts";
import { Rounds } from "../../../src/envoy/rounds.ts";

const SOONEST_MS = 50;

type Step =
  | { readonly kind: "arm" | "part" | "answer"; readonly ms: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "disarm" };

const ms = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(49, 50, 51, 100, 170));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("arm" as const, "part" as const, "answer" as const), ms }),
  fc.record({ kind: fc.constant("wait" as const), ms }),
  fc.record({ kind: fc.constant("disarm" as const) }),
);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("an exchange is given up at the nearest of its deadlines, for its cause, and once", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      expect(told(steps)).toEqual(expected(steps));
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 2_000 },
  );
});

type Told = readonly [atMs: number, cause: AbortCause] | null;

function told(steps: readonly Step[]): Told {
  const start = performance.now();
  let first: Told = null;
  const rounds = new Rounds(SOONEST_MS);
  // It is looked at in each round, from 7 ms before the other's on.
  const another = createDeadlines({ abort: () => undefined }, rounds);
  another.arm(100_000, "stream_silent");
  vi.advanceTimersByTime(7);
  const deadlines = createDeadlines(
    {
      abort(cause) {
        expect(first).toBeNull();
        first = [Math.round(performance.now() - start - 7), cause];
        deadlines.clear();
      },
    },
    rounds,
  );
  for (const each of [...steps, LAST]) {
    if (each.kind === "wait") vi.advanceTimersByTime(each.ms);
    if (first !== null) break;
    if (each.kind === "arm") deadlines.arm(each.ms, "verdict_deadline");
    if (each.kind === "part") deadlines.armPart(each.ms, "response_deadline");
    if (each.kind === "answer") deadlines.armAnswer(each.ms);
    if (each.kind === "disarm") deadlines.disarm();
  }
  deadlines.clear();
  another.clear();
  // Nothing comes afterwards.
  vi.advanceTimersByTime(1_000);
  return first;
}

const LAST: Step = { kind: "wait", ms: 1_000 };

/** The same, by looking at each millisecond. The whole answer's time goes first. */
function expected(steps: readonly Step[]): Told {
  let now = 0;
  let due = Number.POSITIVE_INFINITY;
  let answerDue = Number.POSITIVE_INFINITY;
  let answerMs = 0;
  let cause: AbortCause = "internal";
  for (const each of [...steps, LAST]) {
    switch (each.kind) {
      case "wait":
        for (const until = now + each.ms; now < until; ) {
          now += 1;
          if (answerDue <= now) return [now, "tool_deadline"];
          if (due <= now) return [now, cause];
        }
        break;
      case "arm":
        [due, cause] = [now + each.ms, "verdict_deadline"];
        break;
      case "part":
        [due, cause] = [now + Math.max(each.ms, answerMs), "response_deadline"];
        break;
      case "answer":
        [answerDue, answerMs] = [now + each.ms, each.ms];
        break;
      default:
        due = Number.POSITIVE_INFINITY;
    }
  }
  return null;
}

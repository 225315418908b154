import type { Clock } from "../core/ports.ts";
import type { PostureReading, PostureState } from "../core/posture.ts";
import type { Result } from "../core/result.ts";
import type { PostureBook } from "./book.ts";
import type { PostureReport } from "./report.ts";

/** Asks a source once; the failure is a sentence for an operator. Never rejects. */
export type PostureSource = () => Promise<Result<PostureReport, string>>;

export interface ExternalOptions {
  readonly source: PostureSource;
  /** Its address, as operators are shown it. */
  readonly address: string;
  /** The checks about this host that were asked for. */
  readonly checks: readonly string[];
  readonly book: Pick<PostureBook, "note" | "noteDevices" | "noteExtra">;
  readonly clock: Pick<Clock, "now">;
  readonly onFetch: (outcome: Result<PostureReport, string>) => void;
}

/** What a source outside said last, for as long as it holds. */
export interface External {
  look(): Promise<void>;
  /** Milliseconds since what holds was signed; null where nothing holds. */
  ageMs(): number | null;
  stop(): void;
}

/** A timer takes no more. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * FAIL CLOSED: what a source said is unknown again as soon as it has ended, whether or not it could be
 * asked since; and an older word than the one that is held, which somebody may have kept, is refused.
 */
export function createExternal(options: ExternalOptions): External {
  const { source, address, checks, book, clock, onFetch } = options;
  let held: PostureReport | null = null;
  let timer: NodeJS.Timeout | null = null;

  const current = () => (held !== null && clock.now() < held.endsAtMs ? held : null);

  function tell(why: string): void {
    const report = current();
    const found = checks.map((name): [string, PostureReading] => {
      const state = stateOf(report?.host.get(name) ?? null);
      return [name, { state, readFrom: report === null ? `${address}: ${why}` : address }];
    });
    const told = [...(report?.host ?? [])].filter(
      (fact): fact is [string, boolean] => fact[1] !== null,
    );
    book.noteDevices(report?.devices ?? new Map());
    book.noteExtra(new Map(told));
    book.note("external", new Map(found));
  }

  function wakeAtEnd(): void {
    if (timer !== null) clearTimeout(timer);
    if (held === null) return;
    const leftMs = Math.max(0, held.endsAtMs - clock.now());
    timer = setTimeout(wake, Math.min(leftMs, TIMER_MAX_MS));
    timer.unref();
  }

  function wake(): void {
    tell("too old");
    // A timer may be ahead of the clock.
    if (current() !== null) wakeAtEnd();
  }

  return {
    async look() {
      const answer = await source();
      const isOlder = answer.ok && answer.value.issuedAtMs < (held?.issuedAtMs ?? 0);
      const outcome: typeof answer = isOlder ? OLDER : answer;
      onFetch(outcome);
      if (outcome.ok) {
        held = outcome.value;
        wakeAtEnd();
      }
      tell(outcome.ok ? "too old" : outcome.error);
    },
    ageMs: () => {
      const report = current();
      return report === null ? null : clock.now() - report.issuedAtMs;
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}

const OLDER = { ok: false, error: "is older than what it said before" } as const;

function stateOf(fact: boolean | null): PostureState {
  if (fact === null) return "unknown";
  return fact ? "true" : "false";
}

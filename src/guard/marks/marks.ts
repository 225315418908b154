import type { Hit, Place } from "../../core/finding.ts";
import type { Leaf } from "../../core/json.ts";
import type { Guard } from "../../core/ports.ts";
import { createToolMatcher } from "./writing-tools.ts";

/** What the guard needs to know of the configuration. */
export interface MarksConfig {
  /** Globs over the names of tools that write. */
  readonly writingTools: readonly string[];
}

const NOTHING: readonly Hit[] = [];

const MARK_START = "[REDACTED";
/** Marks with a kind are ours alone. */
const MARK = /\[REDACTED[:_][A-Za-z0-9_-]{1,64}\]/g;
/** A bare mark is a word that programs use too: it counts where `deny_keys` make it ours. */
const BARE_MARK = /\[REDACTED(?:[:_][A-Za-z0-9_-]{1,64})?\]/g;

/**
 * Finds our own marks in what a tool is to write: it would put them where the values were, and the
 * values would be lost.
 */
export function createMarksGuard({ writingTools }: MarksConfig, makesBareMarks: boolean): Guard {
  const writes = createToolMatcher(writingTools);
  const mark = makesBareMarks ? BARE_MARK : MARK;

  function request({ text, nature }: Leaf, { method, tool }: Place): readonly Hit[] {
    if (!text.includes(MARK_START) || (nature !== "text" && nature !== "key")) return NOTHING;
    if (method !== "tools/call" || tool === null || !writes(tool)) return NOTHING;
    return Array.from(text.matchAll(mark), ({ index, 0: found }) => ({
      kind: "redaction_mark",
      severity: "high" as const,
      start: index,
      end: index + found.length,
      replacement: null,
    }));
  }

  return { name: "marks", request };
}

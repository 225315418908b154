import type { EditReceipt } from "../core/audit.ts";
import type { TextEdit } from "../core/finding.ts";
import { type Leaf, member, pointerOf } from "../core/json.ts";
import type { Message } from "../core/message.ts";

/** A shorter value could be a word of any text. */
const VALUE_MIN_LENGTH = 8;
/** Bounds the work: so many values are looked for, in so much text, each in one pass. */
const VALUES_MAX = 32;
const WORK_MAX_LENGTH = 8 * 1024 * 1024;

/** Edits that make the rest of a result say no more than its cleaned part does. */
export interface AlikeEdits {
  readonly edits: readonly TextEdit[];
  readonly receipts: readonly EditReceipt[];
}

const NONE: AlikeEdits = { edits: [], receipts: [] };

/**
 * A result tells the same twice, as text and as structured content (MCP, "Structured content"), but
 * not with the same names around it: what the guards knew for a secret in the one is taken out of
 * the other too.
 */
export function alikeEdits(
  message: Message,
  leaves: readonly Leaf[],
  made: readonly TextEdit[],
): AlikeEdits {
  const isResult = message.kind === "result" && message.method === "tools/call";
  const isTwofold = isResult && member(message.payload, "structuredContent") !== undefined;
  const values = isTwofold ? valuesOf(made) : [];
  if (values.length === 0) return NONE;

  const madeIn = Map.groupBy(made, ({ leaf }) => leaf);
  const edits: TextEdit[] = [];
  let work = WORK_MAX_LENGTH;
  for (const leaf of leaves) {
    work -= leaf.text.length * values.length;
    if (work < 0) break;
    if (leaf.nature === "text") edits.push(...repeatsIn(leaf, values, madeIn.get(leaf) ?? []));
  }
  const receipts = edits.map(({ leaf, start, end }) => {
    const pointer = pointerOf(leaf.location);
    return { pointer, rule: "firewall/alike", action: "redacted", length: end - start };
  });
  return { edits, receipts };
}

interface Value {
  readonly text: string;
  readonly replacement: string;
}

/** The longest first, so that a part of one does not cut it in two. */
function valuesOf(made: readonly TextEdit[]): readonly Value[] {
  const values = new Map<string, Value>();
  for (const { leaf, start, end, replacement } of made) {
    if (end - start < VALUE_MIN_LENGTH || values.size >= VALUES_MAX) continue;
    const text = leaf.text.slice(start, end);
    values.set(text, { text, replacement });
    // Text that is JSON spells it with escapes.
    const escaped = JSON.stringify(text).slice(1, -1);
    values.set(escaped, { text: escaped, replacement });
  }
  return [...values.values()].sort((a, b) => b.text.length - a.text.length);
}

function repeatsIn(leaf: Leaf, values: readonly Value[], made: readonly TextEdit[]): TextEdit[] {
  const edits: TextEdit[] = [];
  let taken: Uint8Array | undefined;
  for (const { text, replacement } of values) {
    for (let start = leaf.text.indexOf(text); start !== -1; ) {
      const end = start + text.length;
      taken ??= placesOf(leaf, made);
      if (!taken.subarray(start, end).includes(1)) {
        edits.push({ leaf, start, end, replacement });
        taken.fill(1, start, end);
      }
      start = leaf.text.indexOf(text, end);
    }
  }
  return edits;
}

/** One for each code unit of the text; 1 where it is edited already. */
function placesOf(leaf: Leaf, edits: readonly TextEdit[]): Uint8Array {
  const places = new Uint8Array(leaf.text.length);
  for (const { start, end } of edits) places.fill(1, start, end);
  return places;
}

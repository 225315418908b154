/** One labelled text. */
export interface Row {
  readonly text: string;
  readonly is_secret: boolean;
  /** The exact part of `text` that must vanish; empty when nothing must. */
  readonly secret: string;
  readonly kind: string;
  readonly tier: string;
}

/**
 * What became of one row. `partly-leaked`: the secret is no longer whole, but a piece of it stands.
 * `either`: a placeholder, where touching it is as good as leaving it.
 */
export type RowResult = "right" | "missed" | "partly-leaked" | "false-alarm" | "either";

export interface Outcome {
  /** Line of the corpus, from 1. */
  readonly row: number;
  readonly kind: string;
  readonly tier: string;
  readonly isSecret: boolean;
  readonly result: RowResult;
}

export interface TierScore {
  readonly rows: number;
  readonly right: number;
}

export interface Scores {
  readonly recall: number;
  readonly precision: number;
  readonly f1: number;
  readonly partlyLeaked: number;
  readonly tiers: { readonly [tier: string]: TierScore };
}

/** A piece of a secret this long tells something of it. */
const PIECE_LENGTH = 8;
const EITHER_WAY = "negative-soft";
const MARK = /\[REDACTED:[a-z0-9-]+\]/g;

export function judgeRow(row: number, labelled: Row, cleaned: string): Outcome {
  const { kind, tier, is_secret: isSecret } = labelled;
  return { row, kind, tier, isSecret, result: resultOf(labelled, cleaned) };
}

export function scoreOf(outcomes: readonly Outcome[]): Scores {
  const secrets = outcomes.filter(({ isSecret }) => isSecret);
  const right = secrets.filter(({ result }) => result === "right").length;
  const falseAlarms = outcomes.filter(({ result }) => result === "false-alarm").length;
  const recall = ratio(right, secrets.length);
  const precision = ratio(right, right + falseAlarms);
  return {
    recall,
    precision,
    f1: ratio(2 * recall * precision, recall + precision),
    partlyLeaked: outcomes.filter(({ result }) => result === "partly-leaked").length,
    tiers: tiersOf(outcomes),
  };
}

function resultOf(labelled: Row, cleaned: string): RowResult {
  const { text, secret, tier, is_secret: isSecret } = labelled;
  if (!isSecret) {
    if (tier === EITHER_WAY) return "either";
    return cleaned === text ? "right" : "false-alarm";
  }
  if (cleaned.includes(secret)) return "missed";
  return hasPiece(text, secret, cleaned) ? "partly-leaked" : "right";
}

/** Whether a piece of the secret is left that stands nowhere else in the text. */
function hasPiece(text: string, secret: string, cleaned: string): boolean {
  const length = Math.min(PIECE_LENGTH, Math.ceil(secret.length / 2));
  const rest = cleaned.replaceAll(MARK, "\u2028");
  const elsewhere = text.replaceAll(secret, "\u2028");
  for (let start = 0; start + length <= secret.length; start++) {
    const piece = secret.slice(start, start + length);
    if (rest.includes(piece) && !elsewhere.includes(piece)) return true;
  }
  return false;
}

function tiersOf(outcomes: readonly Outcome[]): { readonly [tier: string]: TierScore } {
  const tiers = Map.groupBy(outcomes, ({ tier }) => tier);
  return Object.fromEntries(
    [...tiers].map(([tier, members]) => [
      tier,
      {
        rows: members.length,
        right: members.filter(({ result }) => result === "right" || result === "either").length,
      },
    ]),
  );
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

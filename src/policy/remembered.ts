import { hash } from "node:crypto";

/** Of each of the two halves. */
const ENTRIES_MAX = 2048;
/** Longer questions are rarely asked again. */
const QUESTION_MAX_LENGTH = 4096;

/**
 * Remembers what was answered to a question, where the answer depends on nothing else. Bounded: what
 * was not asked for lately is forgotten, half of it at a time. A question is kept as its digest, so
 * that no value of it stays behind.
 */
export interface Remembered<Answer> {
  /** The answer of before, or that of `ask`, which is remembered unless it is null. */
  of(question: string, ask: () => Answer, isLasting: (answer: Answer) => boolean): Answer;
}

export function createRemembered<Answer>(): Remembered<Answer> {
  let recent = new Map<string, Answer>();
  let older = new Map<string, Answer>();

  function keep(key: string, answer: Answer): void {
    if (recent.size >= ENTRIES_MAX) {
      older = recent;
      recent = new Map();
    }
    recent.set(key, answer);
  }

  return {
    of: (question, ask, isLasting) => {
      if (question.length > QUESTION_MAX_LENGTH) return ask();
      const key = hash("sha256", question, "base64");
      const known = recent.get(key);
      if (known !== undefined) return known;
      const before = older.get(key);
      const answer = before ?? ask();
      if (before !== undefined || isLasting(answer)) keep(key, answer);
      return answer;
    },
  };
}

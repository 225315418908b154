import { hash } from "node:crypto";
import { createRecent } from "../core/recent.ts";

const ANSWERS_MAX = 4096;
/** Longer questions are rarely asked again. */
const QUESTION_MAX_LENGTH = 4096;

/**
 * Remembers what was answered to a question, where the answer depends on nothing else. A question is
 * kept as its digest, so that no value of it stays behind.
 */
export interface Remembered<Answer> {
  /** The answer of before, or that of `ask`, which is remembered if it lasts. */
  of(question: string, ask: () => Answer, isLasting: (answer: Answer) => boolean): Answer;
}

export function createRemembered<Answer extends object | number | string>(): Remembered<Answer> {
  const recent = createRecent<Answer>(ANSWERS_MAX);
  return {
    of: (question, ask, isLasting) =>
      question.length > QUESTION_MAX_LENGTH
        ? ask()
        : recent.of(hash("sha256", question, "base64"), ask, isLasting),
  };
}

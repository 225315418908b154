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
  /** What it is kept by; null for one that is not kept. */
  nameOf(question: string): string | null;
  get(name: string | null): Answer | undefined;
  keep(name: string | null, answer: Answer): void;
}

export function createRemembered<Answer extends object | number | string>(): Remembered<Answer> {
  const recent = createRecent<Answer>(ANSWERS_MAX);
  return {
    nameOf: (question) =>
      question.length > QUESTION_MAX_LENGTH ? null : hash("sha256", question, "base64"),
    get: (name) => (name === null ? undefined : recent.get(name)),
    keep(name, answer) {
      if (name !== null) recent.keep(name, answer);
    },
  };
}

import { randomInt } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * A token in the form of GitHub's, which opens nothing. It is made at run time, so that no scanner
 * finds one in this repository.
 */
export function madeUpToken(): string {
  const body = Array.from({ length: 36 }, () => LETTERS.charAt(randomInt(LETTERS.length)));
  return `ghp_${body.join("")}`;
}

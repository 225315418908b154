/** Check digits, as the standards and the registers that use them define them. */

/** The digits of a text as numbers; letters are NaN. */
export function digitsOf(text: string): readonly number[] {
  return Array.from(text, Number);
}

/** Sum of each digit times the weight at its place; places without a weight do not count. */
export function weightedSum(digits: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  for (const [place, weight] of weights.entries()) sum += weight * (digits[place] ?? Number.NaN);
  return sum;
}

/** ISO/IEC 7812-1, annex B: every second digit from the right is doubled. */
export function hasLuhnDigit(text: string): boolean {
  let sum = 0;
  for (let place = 0; place < text.length; place++) {
    const digit = text.charCodeAt(text.length - 1 - place) - 0x30;
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Remainder of a number written in decimal and of any length. */
export function remainder(text: string, modulus: number): number {
  let rest = 0;
  for (let at = 0; at < text.length; at++) {
    rest = (rest * 10 + text.charCodeAt(at) - 0x30) % modulus;
  }
  return rest;
}

/** ISO/IEC 7064 MOD 97-10, with letters as 10 to 35. */
export function remainder97(text: string): number {
  let rest = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    rest = (value < 10 ? rest * 10 + value : rest * 100 + value) % 97;
  }
  return rest;
}

/** ISO/IEC 7064 MOD 11,10. */
export function hasMod1110Digit(text: string): boolean {
  let product = 10;
  for (const digit of digitsOf(text.slice(0, -1))) {
    const sum = (product + digit) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === Number(text.at(-1));
}

const VERHOEFF_PRODUCT = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const VERHOEFF_PERMUTATION = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
  [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
  [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
  [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
  [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
  [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
  [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/** Verhoeff, "Error Detecting Decimal Codes" (1969). */
export function hasVerhoeffDigit(text: string): boolean {
  let check = 0;
  for (const [place, digit] of digitsOf(text).toReversed().entries()) {
    const permuted = VERHOEFF_PERMUTATION[place % 8]?.[digit] ?? 0;
    check = VERHOEFF_PRODUCT[check]?.[permuted] ?? 0;
  }
  return check === 0;
}

/** Whether a day of that number can be in that month of some year. */
export function isDayOfYear(month: number, day: number): boolean {
  return day >= 1 && day <= (DAYS[month - 1] ?? 0);
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

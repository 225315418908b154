import { isDayOfYear } from "../checksums.ts";

/** Whether digits that start at `from` are a birthday written `MMDD`. */
export function isMonthDay(value: string, from: number): boolean {
  return isDayOfYear(Number(value.slice(from, from + 2)), Number(value.slice(from + 2, from + 4)));
}

/** Whether digits that start at `from` are a birthday written `DDMM`. */
export function isDayMonth(value: string, from: number): boolean {
  return isDayOfYear(Number(value.slice(from + 2, from + 4)), Number(value.slice(from, from + 2)));
}

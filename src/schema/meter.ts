/** Counts the work that one value costs, so that no schema and no value can ask for more. */
export interface Meter {
  /** Units left; validators take from it directly. */
  left: number;
  /** Throws `OverBudget` once more is spent than there is. */
  spend(units: number): void;
  /** Spends for each key of an object. */
  spendKeys(value: object, each: number): void;
  /** Throws. */
  exhausted(): never;
}

/** Thrown by a meter and caught where the validation began. */
export class OverBudget extends Error {}

export function createMeter(): Meter {
  const meter: Meter = {
    left: 0,
    spend(units) {
      meter.left -= units;
      if (meter.left < 0) meter.exhausted();
    },
    spendKeys(value, each) {
      meter.spend(Object.keys(value).length * each);
    },
    exhausted() {
      throw new OverBudget("too much work");
    },
  };
  return meter;
}

/** What was worked out lately, in two generations: what was used last is there. */
export interface Remembered<Value> {
  of(key: string, work: () => Value): Value;
}

export function createRemembered<Value>(entriesMax: number): Remembered<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return {
    of(key, work) {
      const known = young.get(key);
      if (known !== undefined) return known;
      const value = old.get(key) ?? work();
      if (young.size >= entriesMax / 2) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
      return value;
    },
  };
}

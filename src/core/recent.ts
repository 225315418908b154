/** What was worked out lately, by key. */
export interface Recent<Value extends object | string | number | boolean> {
  /** The value of before, or that of `work`, which is kept if it lasts; any does if not asked. */
  of(key: string, work: () => Value, isLasting?: (value: Value) => boolean): Value;
}

/**
 * Keeps at most `entriesMax`, in two generations: when the young one has half of them, it becomes
 * the old one, and what was in that is forgotten unless it was asked for meanwhile.
 */
export function createRecent<Value extends object | string | number | boolean>(
  entriesMax: number,
): Recent<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  function keep(key: string, value: Value): void {
    if (young.size >= entriesMax / 2) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  }

  return {
    of(key, work, isLasting = always) {
      const known = young.get(key);
      if (known !== undefined) return known;
      const before = old.get(key);
      const value = before ?? work();
      if (before !== undefined || isLasting(value)) keep(key, value);
      return value;
    },
  };
}

function always(): boolean {
  return true;
}

/** What was worked out lately, by key. */
export interface Recent<Value extends object | string | number | boolean> {
  /** The value of before, or that of `work`, which is kept. */
  of(key: string, work: () => Value): Value;
  /** The value of before, if it is kept still. */
  get(key: string): Value | undefined;
  keep(key: string, value: Value): void;
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

  function get(key: string): Value | undefined {
    const known = young.get(key);
    if (known !== undefined) return known;
    const before = old.get(key);
    if (before !== undefined) keep(key, before);
    return before;
  }

  return {
    get,
    keep,
    of(key, work) {
      const known = get(key);
      if (known !== undefined) return known;
      const value = work();
      keep(key, value);
      return value;
    },
  };
}

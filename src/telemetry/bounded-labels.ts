/** The label of everything that is beyond the bound. */
export const OTHER = "other";

const LABEL_MAX_LENGTH = 128;
const LABEL = /^[\w./:-]+$/;

/** Label values of one kind: the first so many are kept, the rest are `other`. */
export interface BoundedLabels {
  /** `capacity` may be lower than that of the set: doubtful values must leave room for others. */
  label(value: string, capacity?: number): string;
}

/**
 * Each label value is a time series for ever, and peers choose names: without a bound they could
 * fill our memory and that of the metrics' store.
 */
export function createBoundedLabels(maxValues: number): BoundedLabels {
  const known = new Set<string>();

  return {
    label(value, capacity = maxValues) {
      if (known.has(value)) return value;
      if (known.size >= Math.min(capacity, maxValues)) return OTHER;
      if (value.length > LABEL_MAX_LENGTH || !LABEL.test(value)) return OTHER;
      known.add(value);
      return value;
    },
  };
}

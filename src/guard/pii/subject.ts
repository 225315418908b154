/** A text to look into, and the JSON key that names it. */
export interface Subject {
  readonly text: string;
  readonly name: string | null;
}

/** Something found: offsets are UTF-16 code units. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

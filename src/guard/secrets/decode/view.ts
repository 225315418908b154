/** A text that stands encoded in another one: scanned as itself, edited where it stands. */
export interface View {
  readonly text: string;
  /** Where `[start, end)` of the view stands in the source. */
  locate(start: number, end: number): readonly [start: number, end: number];
  /** What it holds was not written to be read by people, so that only certain finds count. */
  readonly certainOnly: boolean;
}

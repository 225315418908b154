/**
 * Sees each line once it is written, without its line break and byte for byte: whoever ships lines
 * elsewhere ships the chain with them. It must neither throw nor wait.
 */
export type LineTap = (line: string) => void;

export function tell(tap: LineTap | undefined, lines: readonly string[]): void {
  if (tap === undefined) return;
  for (const line of lines) tap(line);
}

import { EXIT } from "./exit-codes.ts";

/** Standard output is for what was asked for; everything else goes to standard error. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`impedance: ${text}\n`);
}

/** Prints every error; the exit code says that there was one, and of what kind. */
export function fail(errors: readonly string[], code: number = EXIT.failed): number {
  for (const error of errors) complain(error);
  return code;
}

/** For a command line that cannot be meant; the exit code is another one than for a failure. */
export function misuse(error: string): number {
  complain(error);
  return EXIT.misused;
}

/** Whether a terminal that shows colours is at the other end (no-color.org). */
export function hasColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}

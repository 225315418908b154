/** Standard output is for what was asked for; everything else goes to standard error. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`impedance: ${text}\n`);
}

/** Whether a terminal that shows colours is at the other end (no-color.org). */
export function hasColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env["NO_COLOR"];
}

/** How the set-up speaks: progress and failures on standard error, a line each. */

/** Something could not be had. The message says what, what was tried, and how to supply it. */
export class SetupFailure extends Error {
  constructor(what, { tried = [], remedy, cause } = {}) {
    const lines = [what, ...tried.map((attempt) => `  tried: ${attempt}`)];
    if (remedy !== undefined) lines.push(`  to supply it: ${remedy}`);
    super(lines.join("\n"), { cause });
  }
}

export function step(text) {
  process.stderr.write(`setup: ${text}\n`);
}

/** What a tool said, for tools that explain a failure at the end. */
export function lastLines(text, count = 3) {
  return joined(contentLines(text).slice(-count));
}

/** What a tool said, for tools that explain a failure first and add advice. */
export function firstLines(text, count = 4) {
  return joined(contentLines(text).slice(0, count));
}

function contentLines(text) {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function joined(lines) {
  return lines.join(" | ") || "it said nothing";
}

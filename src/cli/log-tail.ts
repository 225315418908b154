import { createReadStream, existsSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { rotatedFiles } from "../audit/file-names.ts";
import { formatLine } from "../audit/pretty.ts";
import { readLines } from "../audit/read-lines.ts";
import { parseLine } from "../audit/read-log.ts";
import { codeOf } from "../audit/sink.ts";
import type { Command, Options } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { logFiles } from "./log-files.ts";
import { hasColor, misuse, say } from "./output.ts";
import { SETTINGS_HELP, SETTINGS_OPTIONS } from "./settings.ts";

export const logTailCommand: Command = {
  help: `usage: impedance log tail [FILE] [OPTIONS]

Prints the last lines of the log, one for each decision and for what happened to callers (auth), for
a person to read. Without FILE it is the log of the configuration.

  --lines N        how many of the last lines                       [10]
  --follow, -f     go on with each line that is written, rotation included, until a signal
  --only KIND      decision or auth: no other lines
${SETTINGS_HELP}
  --format FORMAT  text or json (lines as they were written)        [text]

examples:
  impedance log tail --follow decisions.jsonl`,
  options: { ...SETTINGS_OPTIONS, lines: "text", only: "text", follow: "flag", format: "text" },
  letters: { f: "follow" },
  takesWords: true,
  run: tail,
};

const LINES_DEFAULT = 10;
const LINES_MAX = 100_000;
const LINE_MAX_BYTES = 32 * 1024 * 1024;
/** So much of the end is read for the last lines. */
const END_MAX_BYTES = 64 * 1024 * 1024;
/** Not every file system tells of changes. */
const LOOK_EVERY_MS = 500;

async function tail(options: Options): Promise<number> {
  const format = options.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    return misuse(`--format is text or json, not ${format}`);
  }
  const only = options.text("only") ?? null;
  if (only !== null && only !== "decision" && only !== "auth") {
    return misuse(`--only is decision or auth, not ${only}`);
  }
  const lines = Number(options.text("lines") ?? LINES_DEFAULT);
  if (!Number.isInteger(lines) || lines < 0 || lines > LINES_MAX) {
    return misuse(`--lines is a number up to ${LINES_MAX}`);
  }
  const files = await logFiles(options.words, options);
  if (!files.ok) return misuse(files.error);
  const [file = ""] = files.value;
  // Whoever reads our answers may stop early (`| head`): that is no fault.
  process.stdout.on("error", () => process.exit(EXIT.ok));
  const print = printer(format);
  const isAsked = (text: string) => only === null || parseLine(text)?.kind === only;
  try {
    const position = await printEnd(file, lines, isAsked, print);
    if (options.flag("follow"))
      await follow(file, position, (text) => isAsked(text) && print(text));
    return EXIT.ok;
  } catch (error) {
    return misuse(`${file} cannot be read (${codeOf(error)})`);
  }
}

type Print = (text: string) => unknown;

function printer(format: "text" | "json"): Print {
  if (format === "json") return say;
  const { stdout } = process;
  const style = { color: hasColor(stdout), width: stdout.columns ?? 160 };
  return (text) => {
    const line = parseLine(text);
    const shown = line === null ? null : formatLine(line, style);
    if (shown !== null) say(shown);
  };
}

/** Where a file was read to: the end of its last whole line. */
interface Position {
  readonly inode: number;
  readonly offset: number;
}

async function printEnd(
  file: string,
  count: number,
  isAsked: (text: string) => boolean,
  print: Print,
): Promise<Position> {
  const { ino, size } = statSync(file);
  const last: string[] = [];
  const start = Math.max(0, size - END_MAX_BYTES);
  const offset = await readFrom(file, start, (text) => {
    if (!isAsked(text)) return;
    last.push(text);
    if (last.length > count) last.shift();
  });
  for (const text of last) print(text);
  return { inode: ino, offset };
}

/** Prints the whole lines behind `start`; resolves to where the last of them ends. */
async function readFrom(file: string, start: number, print: Print): Promise<number> {
  let offset = start;
  const stream = createReadStream(file, { start });
  for await (const { bytes, isEnded } of readLines(stream, LINE_MAX_BYTES)) {
    if (!isEnded) continue;
    print(bytes.toString("utf8"));
    offset += bytes.length + 1;
  }
  return offset;
}

async function follow(file: string, from: Position, print: Print): Promise<never> {
  let position = from;
  for (;;) {
    position = await goOn(file, position, print);
    await change(file);
  }
}

async function goOn(file: string, { inode, offset }: Position, print: Print): Promise<Position> {
  if (!existsSync(file)) return { inode, offset };
  const found = statSync(file);
  const isSame = found.ino === inode && found.size >= offset;
  if (found.ino !== inode) {
    // It was rotated away since: what was written to it in the meantime comes first.
    const old = rotatedFiles(file).at(-1);
    if (old !== undefined && statSync(old.path).ino === inode) {
      await readFrom(old.path, offset, print);
    }
  }
  const start = isSame ? offset : 0;
  if (found.size === start) return { inode: found.ino, offset: start };
  return { inode: found.ino, offset: await readFrom(file, start, print) };
}

/** Settles when the folder says that the file has changed, or after a while. */
function change(file: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LOOK_EVERY_MS);
  const watcher = watch(dirname(file), (_, name) => {
    if (name === null || name === basename(file)) resolve();
  });
  watcher.on("error", () => undefined);
  return promise.finally(() => {
    clearTimeout(timer);
    watcher.close();
  });
}
